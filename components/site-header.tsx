"use client";

import clsx from "clsx";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { paths } from "@/lib/paths";
import { Mark } from "./mark";
import { DESTINATIONS } from "./navigation";
import { ThemeToggle } from "./theme-toggle";

// Nothing is prefetched: what the browser holds during a blind battle must not list the models.
export function SiteHeader() {
  const pathname = usePathname();
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-paper">
      <div className="mx-auto flex h-14 max-w-[1264px] items-center gap-10 px-4 sm:px-8">
        <Link
          href={paths.battle}
          prefetch={false}
          aria-label="Parley, to the battle"
          className="-ml-1 flex min-h-11 items-center gap-2 rounded-md px-1"
        >
          <Mark className="size-5.5" />
          <span className="font-display text-lg leading-none tracking-tight">parley</span>
        </Link>
        <nav aria-label="Main" className="hidden h-full md:block">
          <ul className="flex h-full gap-7">
            {DESTINATIONS.map(({ href, label, isCurrent }) => (
              <li key={href} className="h-full">
                <Link
                  href={href}
                  prefetch={false}
                  aria-current={isCurrent(pathname) ? "page" : undefined}
                  className={clsx(
                    "relative flex h-full items-center text-sm transition-colors duration-120",
                    isCurrent(pathname)
                      ? "text-ink after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-ink"
                      : "text-ink-soft hover:text-ink",
                  )}
                >
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="ml-auto">
          <ThemeToggle />
        </div>
      </div>
    </header>
  );
}
