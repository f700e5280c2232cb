import type { ChatEvent } from "./chat-source";
import type { Answered, Answering } from "./chat-style";

/** What an answer tells on its way. */
export type AnswerListener = {
  onText(text: string): Promise<void> | void;
  onReasoning?(text: string): void;
  onEnd?(end: Extract<ChatEvent, { type: "end" }>): void;
};

/** Reads an answer to its end, and never throws: what broke it is part of what became of it. */
export async function collectAnswer(
  { events }: Answering,
  { onText, onReasoning, onEnd }: AnswerListener,
  signal: AbortSignal,
): Promise<Answered> {
  let text = "";
  try {
    for await (const event of events) {
      if (signal.aborted) break;
      if (event.type === "text") {
        text += event.text;
        await onText(event.text);
      } else if (event.type === "reasoning") onReasoning?.(event.text);
      else onEnd?.(event);
    }
  } catch (error) {
    return { text, isStopped: false, error };
  }
  return { text, isStopped: signal.aborted };
}
