"use client";

import clsx from "clsx";
import { History } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { paths } from "@/lib/paths";
import { Mark } from "./mark";
import { DESTINATIONS } from "./navigation";
import { ThemeToggle } from "./theme-toggle";
import { buttonClass } from "./ui/button";

// Nothing is prefetched: what the browser holds during a blind battle must not list the models.
export function SiteHeader() {
  const pathname = usePathname();
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-paper">
      <div className="mx-auto flex h-14 max-w-[1264px] items-center gap-8 px-4 lg:gap-10 sm:px-8">
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
          <ul className="flex h-full gap-5 lg:gap-7">
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
        <div className="-mr-2 ml-auto flex items-center gap-1">
          <Link
            href={paths.history}
            prefetch={false}
            aria-label="History"
            aria-current={pathname === paths.history ? "page" : undefined}
            className={buttonClass({ variant: "quiet", size: "small" })}
          >
            <History size={18} strokeWidth={1.5} aria-hidden="true" />
            <span className="hidden lg:inline">History</span>
          </Link>
          <ThemeToggle />
        </div>
      </div>
    </header>
  );
}
