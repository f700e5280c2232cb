import type { Metadata } from "next";
import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { paths } from "@/lib/paths";

export const metadata: Metadata = { title: "No such model" };

/** The same for a name that nobody has and for one that nobody is told. */
export default function NoSuchModel() {
  return (
    <main
      id="main"
      className="mx-auto flex w-full max-w-xl flex-1 flex-col justify-center px-4 py-18 sm:px-8"
    >
      <h1 className="font-display text-2xl">No model has this name.</h1>
      <p className="mt-4 text-ink-soft">
        It may be spelled another way, or be told to nobody yet. All that are told stand on the page
        of models.
      </p>
      <p className="mt-8">
        <Link href={paths.models} prefetch={false} className={buttonClass({ variant: "primary" })}>
          See the models
        </Link>
      </p>
    </main>
  );
}
