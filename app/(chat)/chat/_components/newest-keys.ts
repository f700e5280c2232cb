import type { TurnAnswer } from "@/lib/protocol/conversation-view";
import type { ChatKeyOptions } from "./chat-keys";
import type { Marks } from "./use-marks";

/** The last button of its name: that of the newest turn. */
function press(name: string): void {
  const found = [...document.querySelectorAll<HTMLElement>(`main [aria-label="${name}"]`)];
  found.at(-1)?.click();
}

/** What the keys do with the newest turn; null where there is nothing to do it with. */
export function newestKeys(by: {
  end: TurnAnswer | undefined;
  marks: Marks;
  announce: (sentence: string) => void;
}): Pick<ChatKeyOptions, "copy" | "edit" | "mark"> {
  const { end, marks, announce } = by;
  if (!end || end.status === "streaming") return { copy: null, edit: null, mark: null };
  return {
    // The button says itself what came of it.
    copy: () => press("Copy the answer"),
    edit: () => press("Edit the question"),
    mark: (kind) => {
      const isSet = !end.marks.includes(kind);
      void marks.mark({ answer: end, kind, isSet });
      const name = kind === "up" ? "good" : "bad";
      announce(isSet ? `Marked as a ${name} answer.` : "The mark is taken back.");
    },
  };
}
