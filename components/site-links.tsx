import Link from "next/link";
import { paths } from "@/lib/paths";

const LINKS = [
  [paths.explore, "Prompts"],
  [paths.stats, "Numbers"],
  [paths.about, "About"],
  [paths.developers, "API"],
  [paths.adminWorkers, "Workers"],
] as const;

/** What is one touch away and no part of the main navigation. */
export function SiteLinks() {
  return (
    <nav
      aria-label="More"
      className="flex flex-wrap justify-center gap-x-6 pb-3 text-xs text-ink-soft"
    >
      {LINKS.map(([href, label]) => (
        <Link
          key={href}
          href={href}
          prefetch={false}
          className="flex min-h-6 items-center underline-offset-4 hover:text-ink hover:underline pointer-coarse:min-h-11 pointer-coarse:min-w-11 pointer-coarse:justify-center"
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
