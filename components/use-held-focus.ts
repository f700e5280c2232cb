import { useEffect, useRef } from "react";

/**
 * A part of the page whose controls come and go, as those of an answer that is written anew: the focus that one of
 * them had when it went is the part's own. The browser would send it to the top of the page.
 *
 * @returns the ref of the part, which has a tabIndex.
 */
export function useHeldFocus<Part extends HTMLElement>() {
  const part = useRef<Part>(null);
  const last = useRef<Element | null>(null);
  useEffect(() => {
    const remember = ({ target }: FocusEvent) => {
      const isInside = target instanceof Element && part.current?.contains(target);
      last.current = isInside ? target : null;
    };
    document.addEventListener("focusin", remember);
    return () => document.removeEventListener("focusin", remember);
  }, []);
  // After whatever was drawn: a control that went did so by that.
  useEffect(() => {
    if (last.current === null || last.current.isConnected) return;
    last.current = null;
    if (document.activeElement === document.body) part.current?.focus({ preventScroll: true });
  });
  return part;
}
