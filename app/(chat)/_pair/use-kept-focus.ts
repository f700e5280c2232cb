"use client";

import { useEffect, useRef } from "react";

const focusQuietly = (element: HTMLElement | null) => element?.focus({ preventScroll: true });

export type KeptFocusOptions = {
  isEmpty: boolean;
  isVoted: boolean;
};

/**
 * Asking, stopping, voting and beginning anew each take away the control that was used. The focus goes
 * on from where the reader is: to the page after asking, so that the vote keys work and a soft keyboard
 * leaves; to the outcome after a vote; to the question of a new round.
 */
export function useKeptFocus({ isEmpty, isVoted }: KeptFocusOptions) {
  const input = useRef<HTMLTextAreaElement>(null);
  const main = useRef<HTMLElement>(null);
  const outcome = useRef<HTMLElement>(null);
  const next = useRef<"input" | "outcome" | null>(null);
  useEffect(() => {
    if (!isEmpty || next.current !== "input") return;
    next.current = null;
    // On a touch screen the keyboard would cover the examples.
    const isTouch = window.matchMedia("(pointer: coarse)").matches;
    focusQuietly(isTouch ? main.current : input.current);
  }, [isEmpty]);
  useEffect(() => {
    if (!isVoted || next.current !== "outcome") return;
    next.current = null;
    focusQuietly(outcome.current);
  }, [isVoted]);
  const expect = (place: "input" | "outcome") => {
    next.current = place;
  };
  return { main, input, outcome, expect, toPage: () => focusQuietly(main.current) };
}
