import type { KeyBinding } from "@/components/keys/key-binding";

export type ChatKeyOptions = {
  /** Null: not now. */
  stop: (() => void) | null;
  regenerate: (() => void) | null;
  copy: (() => void) | null;
  edit: (() => void) | null;
  mark: ((kind: "up" | "down") => void) | null;
  begin: (() => void) | null;
  share: (() => void) | null;
  settings: () => void;
  help: () => void;
};

/** Every key of a chat, in the order of its help sheet. What concerns a turn concerns the newest. */
export function chatKeys(options: ChatKeyOptions): KeyBinding[] {
  const { stop, regenerate, copy, edit, mark, begin, share, settings, help } = options;
  const answer = "The newest turn";
  return [
    { group: answer, label: "Stop", keys: ["Escape"], run: stop, isAlways: true },
    { group: answer, label: "Answer again", keys: ["r"], run: regenerate },
    { group: answer, label: "Copy the answer", keys: ["c"], run: copy },
    { group: answer, label: "Edit the question", keys: ["e"], run: edit },
    { group: answer, label: "Good answer", keys: ["+"], run: mark && (() => mark("up")) },
    { group: answer, label: "Bad answer", keys: ["-"], run: mark && (() => mark("down")) },
    {
      ...{ group: "Page", label: "To the question field", keys: ["/"] },
      run: () =>
        document.querySelector<HTMLElement>("textarea[aria-describedby=composer-note]")?.focus(),
    },
    { group: "Page", label: "Ask", keys: ["Enter"] },
    { group: "Page", label: "New line in a question", keys: ["Enter"], shown: ["⇧", "↵"] },
    { group: "Page", label: "Parameters", keys: ["p"], run: settings },
    { group: "Page", label: "New chat", keys: ["n"], run: begin },
    { group: "Page", label: "Share", keys: ["l"], run: share },
    { group: "Page", label: "This sheet", keys: ["?"], run: help },
  ];
}
