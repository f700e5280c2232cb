import type { Outcome } from "@/lib/protocol/arena-view";

export type KeyAction =
  | { type: "vote"; outcome: Outcome }
  | { type: "new-round" }
  | { type: "help" }
  | { type: "stop" };

export type KeyPress = {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
};

const VOTES: Record<string, Outcome> = {
  "1": "a",
  ArrowLeft: "a",
  "2": "b",
  ArrowRight: "b",
  "3": "tie",
  "4": "both-bad",
};

/**
 * What a key means on the battle page. Keys sleep while one types, except Escape; a held key and a
 * browser's own shortcut mean nothing.
 */
export function toKeyAction(press: KeyPress, isTyping: boolean): KeyAction | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat) return null;
  if (press.key === "Escape") return { type: "stop" };
  if (isTyping) return null;
  const outcome = VOTES[press.key];
  if (outcome) return { type: "vote", outcome };
  if (press.key === "n" || press.key === "N") return { type: "new-round" };
  if (press.key === "?") return { type: "help" };
  return null;
}
