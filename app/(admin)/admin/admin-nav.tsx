"use client";

import clsx from "clsx";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { send, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { PAGE_REQUEST_MS_MAX } from "@/lib/limits";
import { paths } from "@/lib/paths";

const DESTINATIONS: readonly { href: string; label: string }[] = [
  { href: paths.adminWorkers, label: "Workers" },
  { href: paths.adminKeys, label: "Keys" },
  { href: paths.adminUsage, label: "Usage" },
  { href: paths.adminModels, label: "Models" },
  { href: paths.adminProviders, label: "Providers" },
  { href: paths.adminArena, label: "Arena" },
  { href: paths.adminReviews, label: "Reviews" },
  { href: paths.adminBoards, label: "Boards" },
];

/** The way between the keepers' pages; a layout outlives a sign-in, so the path decides and not the session. */
export function AdminNav() {
  const pathname = usePathname();
  const current = useRef<HTMLAnchorElement>(null);
  // On a phone half of the destinations lie beyond the edge, the one that is open among them.
  useEffect(() => {
    if (pathname !== paths.adminLogin)
      current.current?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [pathname]);
  if (pathname === paths.adminLogin) return null;
  return (
    <div className="border-b border-line">
      <div className="mx-auto flex w-full max-w-[1264px] items-center gap-4 px-4 sm:px-8">
        <nav
          aria-label="Administration"
          className="scrolls-sideways min-w-0 flex-1 overflow-x-auto"
        >
          <ul className="flex gap-4 sm:gap-6">
            {DESTINATIONS.map(({ href, label }) => {
              const isCurrent = pathname === href || pathname.startsWith(`${href}/`);
              return (
                <li key={href}>
                  <Link
                    ref={isCurrent ? current : undefined}
                    href={href}
                    prefetch={false}
                    aria-current={isCurrent ? "page" : undefined}
                    className={clsx(
                      "relative flex h-11 items-center text-sm whitespace-nowrap -outline-offset-2",
                      isCurrent
                        ? "text-ink after:absolute after:inset-x-0 after:bottom-0 after:h-0.5 after:bg-ink"
                        : "text-ink-soft hover:text-ink",
                    )}
                  >
                    {label}
                  </Link>
                </li>
              );
            })}
          </ul>
        </nav>
        <SignOut />
      </div>
    </div>
  );
}

/** A whole new page afterwards: nothing that a keeper saw stays in this one's memory. */
function SignOut() {
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setIsSending] = useState(false);

  async function close() {
    setIsSending(true);
    setProblem(null);
    try {
      const signal = AbortSignal.timeout(PAGE_REQUEST_MS_MAX);
      await send(paths.api.session, { method: "DELETE", signal });
      window.location.assign(paths.adminLogin);
    } catch (error) {
      setProblem(toRequestError(error).message);
      setIsSending(false);
    }
  }

  return (
    <>
      <p role="status" className="text-sm text-danger empty:hidden">
        {problem}
      </p>
      <Button variant="quiet" size="small" disabled={isSending} onClick={close}>
        Sign out
      </Button>
    </>
  );
}
