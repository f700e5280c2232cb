"use client";

import clsx from "clsx";
import { Columns2, Layers, MessageSquare, Swords, TableProperties } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { paths } from "@/lib/paths";
import { DESTINATIONS } from "./navigation";

const ICONS: Record<string, typeof Swords> = {
  [paths.battle]: Swords,
  [paths.compare]: Columns2,
  [paths.chat]: MessageSquare,
  [paths.leaderboard]: TableProperties,
  [paths.models]: Layers,
};

/** The main navigation on a phone. It steps aside while the soft keyboard is up. */
export function BottomBar() {
  const pathname = usePathname();
  return (
    <nav
      aria-label="Main"
      className="bottom-bar fixed inset-x-0 bottom-0 z-30 border-t border-line bg-paper pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {/* As wide as their words need: equal fifths of the narrowest phone would cut "Leaderboard". */}
      <ul className="flex h-14">
        {DESTINATIONS.map(({ href, label, isCurrent }) => {
          const Icon = ICONS[href];
          return (
            <li key={href} className="flex-auto">
              <Link
                href={href}
                prefetch={false}
                aria-current={isCurrent(pathname) ? "page" : undefined}
                className={clsx(
                  "flex h-full flex-col items-center justify-center gap-0.5 text-xs -outline-offset-2",
                  isCurrent(pathname) ? "text-ink" : "text-ink-soft",
                )}
              >
                {Icon && <Icon size={20} strokeWidth={1.5} aria-hidden="true" />}
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
