"use client";

import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";

/** A page from afar takes a second; one that has not come by then is loaded anew, which takes no longer. */
const FOLLOWED_MS_MAX = 2_000;

/**
 * Loads the page of the address when a step back or forward changed the address and nothing else. Next's
 * router (16.4) does not draw an entry of the history whose search was changed by `pushState` before a
 * reload: after a reload of the filtered board, two steps back and a look at a model, the next step back
 * left the model on the screen, without a request and without an error.
 */
export function FollowAddress(): null {
  const pathname = usePathname();
  const drawn = useRef(pathname);
  useEffect(() => {
    drawn.current = pathname;
  }, [pathname]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      const { pathname: wanted, href } = window.location;
      // Written one way, whatever letters are in it.
      if (new URL(drawn.current, href).pathname !== wanted) window.location.reload();
    };
    const onStep = () => {
      clearTimeout(timer);
      timer = setTimeout(look, FOLLOWED_MS_MAX);
    };
    window.addEventListener("popstate", onStep);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("popstate", onStep);
    };
  }, []);
  return null;
}
