import { unreachable } from "@/lib/util/assert";
import type { AnswerSplitter, CountedPart } from "./answer/answer-splitter";
import type { FinishReason, SequenceEvent } from "./sequence";

type SequenceEnd = Extract<SequenceEvent, { type: "sequence-end" }>;

/** What the engine tells of an answer: a sequence's events, with reasoning and calls out of its text. */
export type AnswerEvent =
  | Exclude<SequenceEvent, SequenceEnd>
  | { type: "reasoning-delta"; text: string; tokenCount: number; tokenIds?: readonly number[] }
  /** A call begins; its arguments follow. `index` is 0 for the first of an answer. */
  | { type: "tool-call-start"; index: number; id: string; name: string }
  | {
      type: "tool-call-delta";
      index: number;
      text: string;
      tokenCount: number;
      tokenIds?: readonly number[];
    }
  | (Omit<SequenceEnd, "finishReason"> & { finishReason: FinishReason | "tool-calls" });

/** Tells the parts of an answer's text apart as it comes. */
export async function* toAnswerEvents(
  events: AsyncIterable<SequenceEvent>,
  splitter: AnswerSplitter,
): AsyncGenerator<AnswerEvent> {
  for await (const event of events) {
    switch (event.type) {
      case "text-delta":
        for (const part of splitter.push(event.text, event.tokenCount)) yield toEvent(part);
        break;
      case "sequence-end":
        for (const part of splitter.flush()) yield toEvent(part);
        yield { ...event, finishReason: splitter.finishReason(event.finishReason) };
        break;
      default:
        yield event;
    }
  }
}

function toEvent(part: CountedPart): AnswerEvent {
  switch (part.type) {
    case "text":
      return { ...part, type: "text-delta" };
    case "reasoning":
      return { ...part, type: "reasoning-delta" };
    case "tool-call-start":
      return part;
    case "tool-call-arguments":
      return { ...part, type: "tool-call-delta" };
    default:
      return unreachable(part);
  }
}
