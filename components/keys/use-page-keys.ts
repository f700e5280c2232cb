"use client";

import { useEffect, useRef } from "react";
import { findBinding, type KeyBinding } from "./key-binding";
import { useLetterKeys } from "./letter-keys";

function isTypingIn(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** The arrows scroll a table or a row of choices that has the focus, before they mean anything else. */
function scrollsSideways(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement) || !key.startsWith("Arrow")) return false;
  const scroller = target.closest<HTMLElement>('[role="group"][tabindex="0"]');
  return scroller !== null && scroller.scrollWidth > scroller.clientWidth;
}

/** The keys of a page. Escape also leaves the field in which one types. */
export function usePageKeys(bindings: readonly KeyBinding[]): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  const areLettersOn = useLetterKeys();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // An open dialog has the keyboard for itself; one that stands beside the page has not.
      const hasDialog = document.querySelector('[role="dialog"]:not([data-beside])') !== null;
      if (event.defaultPrevented || hasDialog) return;
      if (scrollsSideways(event.target, event.key)) return;
      const isTyping = isTypingIn(event.target);
      const found = findBinding(event, latest.current, { isTyping, areLettersOn });
      if (event.key === "Escape" && isTyping && event.target instanceof HTMLElement) {
        event.target.blur();
      }
      if (!found) return;
      if (event.key !== "Escape") event.preventDefault();
      found.run?.();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [areLettersOn]);
}
