import type { Metadata } from "next";
import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { paths } from "@/lib/paths";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <main
      id="main"
      className="mx-auto flex w-full max-w-xl flex-1 flex-col justify-center px-4 py-18 sm:px-8"
    >
      <h1 className="font-display text-2xl">Nothing stands here.</h1>
      <p className="mt-4 text-ink-soft">
        The address leads nowhere, or to a conversation that only the browser that began it may
        read.
      </p>
      <p className="mt-8">
        <Link href={paths.battle} prefetch={false} className={buttonClass({ variant: "primary" })}>
          Start a battle
        </Link>
      </p>
    </main>
  );
}
