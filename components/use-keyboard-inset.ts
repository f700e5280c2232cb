"use client";

import { useEffect } from "react";

/** Below this the viewport shrank for another reason, such as a browser bar sliding away. */
const KEYBOARD_HEIGHT_MIN = 120;

/**
 * Tells the style sheet how much of the page a soft keyboard covers. Browsers that shrink the page
 * instead (`interactive-widget=resizes-content`) report nothing covered, which is right too.
 */
export function useKeyboardInset(): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return;
    const { style, dataset } = document.documentElement;
    const measure = () => {
      // Pinch zoom shrinks the visual viewport as well and is no keyboard.
      const covered =
        viewport.scale > 1.01 ? 0 : window.innerHeight - viewport.height - viewport.offsetTop;
      const isOpen = covered > KEYBOARD_HEIGHT_MIN;
      style.setProperty("--keyboard-inset", isOpen ? `${Math.round(covered)}px` : "0px");
      if (isOpen) dataset.keyboard = "open";
      else delete dataset.keyboard;
    };
    viewport.addEventListener("resize", measure);
    viewport.addEventListener("scroll", measure);
    return () => {
      viewport.removeEventListener("resize", measure);
      viewport.removeEventListener("scroll", measure);
    };
  }, []);
}
