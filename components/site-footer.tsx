import Link from "next/link";
import { paths } from "@/lib/paths";

export function SiteFooter() {
  const link = "underline-offset-4 hover:text-ink hover:underline";
  return (
    <footer className="mx-auto w-full max-w-[1264px] px-4 pb-12 sm:px-8">
      <div className="flex flex-wrap justify-between gap-x-8 gap-y-2 border-t border-line pt-6 text-sm text-ink-soft">
        <p>Parley compares language models by what people prefer. Apache-2.0.</p>
        <p className="flex gap-6">
          <Link href={paths.adminWorkers} prefetch={false} className={link}>
            Workers
          </Link>
          <Link href={paths.developers} prefetch={false} className={link}>
            API
          </Link>
        </p>
      </div>
    </footer>
  );
}
