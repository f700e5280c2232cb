"use client";

import { usePathname, useSearchParams } from "next/navigation";
import { useSyncExternalStore } from "react";

const MOVED = "parley:address";

/**
 * Path and search of the address, spelled one way, from the address itself. Next's router tells of it as
 * well, but not always of a step back to an entry that was made before a reload: the address changed and what
 * was drawn did not.
 *
 * @param isMine whether a path is of the page that asks: on the way to another one its last address stands.
 */
export function useAddressText(isMine: (pathname: string) => boolean): string {
  const pathname = usePathname();
  const parameters = useSearchParams();
  const told = toText(pathname, new URLSearchParams(parameters));
  return useSyncExternalStore(
    subscribe,
    () => {
      const { pathname: path, search } = window.location;
      return isMine(path) ? toText(path, new URLSearchParams(search)) : told;
    },
    () => told,
  );
}

/** The address from its `#` on, as it is now; on the server nobody knows it. */
export function useAddressHash(): string {
  return useSyncExternalStore(
    subscribe,
    () => window.location.hash,
    () => "",
  );
}

/** Changes the address without asking the server for anything. */
export function moveAddress(href: string, how: "push" | "replace"): void {
  if (how === "push") window.history.pushState(null, "", href);
  else window.history.replaceState(null, "", href);
  window.dispatchEvent(new Event(MOVED));
}

const toText = (pathname: string, parameters: URLSearchParams) => `${pathname}?${parameters}`;

function subscribe(onChange: () => void): () => void {
  window.addEventListener("popstate", onChange);
  window.addEventListener("hashchange", onChange);
  window.addEventListener(MOVED, onChange);
  return () => {
    window.removeEventListener("popstate", onChange);
    window.removeEventListener("hashchange", onChange);
    window.removeEventListener(MOVED, onChange);
  };
}
