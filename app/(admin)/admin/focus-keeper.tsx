"use client";

import { type ReactNode, useEffect, useRef } from "react";
import { focusNear, placesAround } from "@/components/ui/focus-near";

/**
 * Lists of these pages lose rows while somebody stands in them, by their own command or another keeper's. The focus
 * then stays near by; the browser would send it to the top of the page.
 */
export function FocusKeeper({ children }: { children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (frame.current === null) return;
    let places: Element[] = [];
    const keep = () => {
      if (places[0] && !places[0].isConnected && document.activeElement === document.body) {
        focusNear(places);
      }
    };
    const remember = ({ target }: FocusEvent) => {
      places = target instanceof Element ? placesAround(target) : [];
    };
    // Whoever takes the focus away on purpose, as by a click on nothing, is not brought back.
    const forget = () => {
      if (document.activeElement === document.body && places[0]?.isConnected) places = [];
    };
    const watch = new MutationObserver(keep);
    watch.observe(frame.current, { childList: true, subtree: true });
    document.addEventListener("focusin", remember);
    document.addEventListener("click", forget);
    return () => {
      watch.disconnect();
      document.removeEventListener("focusin", remember);
      document.removeEventListener("click", forget);
    };
  }, []);
  return (
    <div ref={frame} className="contents">
      {children}
    </div>
  );
}
