"use client";

import { useEffect, useRef } from "react";
import type { Outcome } from "@/lib/protocol/arena-view";
import { toKeyAction } from "./key-action";

export type BattleKeyHandlers = {
  vote: (outcome: Outcome) => void;
  "new-round": () => void;
  help: () => void;
  stop: () => void;
};

function isTypingIn(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export function useBattleKeys(handlers: BattleKeyHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // An open dialog has the keyboard for itself.
      if (event.defaultPrevented || document.querySelector('[role="dialog"]')) return;
      const isTyping = isTypingIn(event.target);
      const action = toKeyAction(event, isTyping);
      if (!action) return;
      if (action.type === "vote") latest.current.vote(action.outcome);
      else latest.current[action.type]();
      if (action.type === "stop") {
        if (isTyping && event.target instanceof HTMLElement) event.target.blur();
      } else event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
