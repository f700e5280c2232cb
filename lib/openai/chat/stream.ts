import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { type StreamNote, toResumedNote } from "@/lib/protocol/stream-note";
import { assert, unreachable } from "@/lib/util/assert";
import { type OpenAiError, toOpenAiError } from "../error";
import { type OpenAiUsage, toUsage } from "../usage";
import { toWireParam } from "../wire-param";
import { LogProbabilityCollector, type OpenAiLogProbabilities } from "./log-probabilities";
import {
  type ChatSource,
  EndCounter,
  toFinishReason,
  toHead,
  type WireFinishReason,
} from "./reply";

type ChatDelta = {
  role?: "assistant";
  content?: string;
  refusal?: null;
  reasoning_content?: string;
  /** The first of a call names it; those after it add to its arguments. */
  tool_calls?: {
    index: number;
    id?: string;
    type?: "function";
    function: { name?: string; arguments: string };
  }[];
};

/** OpenAI's `chat.completion.chunk` object. */
export type ChatChunk = {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
  system_fingerprint: string;
  choices: {
    index: number;
    delta: ChatDelta;
    logprobs: OpenAiLogProbabilities | null;
    finish_reason: WireFinishReason | null;
  }[];
  /** Present in every chunk when asked for, and null in all but the last. */
  usage?: OpenAiUsage | null;
};

/** The end of every whole stream, as it stands on the wire. */
export const DONE = "[DONE]";

/**
 * The answers as chunks, each with the number of its answer: the role, the deltas, the finish reason; at
 * the end the usage when asked for, and `[DONE]`. Where another worker goes on is a note. A generation that fails ends with OpenAI's error object
 * instead, which its clients throw.
 */
export async function* toChatChunks(
  { id, start, count, events }: ChatSource,
  options: { includeUsage: boolean; includeLogProbabilities: boolean },
): AsyncGenerator<ChatChunk | OpenAiError | StreamNote | typeof DONE> {
  const { includeUsage, includeLogProbabilities } = options;
  const head = toHead({ id, start }, "chat.completion.chunk");
  const collectors = Array.from(
    { length: count },
    () => new LogProbabilityCollector(includeLogProbabilities),
  );
  const ends = new EndCounter(count);
  for await (const { choice, event } of events) {
    if (event.type === "generation-error") {
      yield toOpenAiError({ ...event, param: event.param && toWireParam(event.param) });
      return;
    }
    if (event.type === "generation-resumed") {
      yield toResumedNote(event);
      continue;
    }
    const collector = collectors[choice];
    assert(collector, "an event is of one of the answers");
    ends.see(choice, event);
    const part = toChunkPart(event, collector);
    if (!part) continue;
    const { delta, logprobs = null, finishReason = null } = part;
    yield {
      ...head,
      choices: [{ index: choice, delta, logprobs, finish_reason: finishReason }],
      ...(includeUsage && { usage: null }),
    };
    if (!ends.isWhole) continue;
    if (includeUsage)
      yield { ...head, choices: [], usage: toUsage(ends.usage, ends.reasoningTokens) };
    yield DONE;
    return;
  }
}

type ChunkPart = {
  delta: ChatDelta;
  logprobs?: OpenAiLogProbabilities | null;
  finishReason?: WireFinishReason;
};

/** What an event adds to its answer; undefined for what goes unsaid. */
function toChunkPart(
  event: Exclude<GenerateEvent, { type: "generation-error" }>,
  collector: LogProbabilityCollector,
): ChunkPart | undefined {
  switch (event.type) {
    case "generation-start":
      return { delta: { role: "assistant", content: "", refusal: null } };
    case "text-delta":
      if (event.text === "") return undefined;
      return { delta: { content: event.text }, logprobs: collector.take(event.text) };
    case "reasoning-delta":
      // Scores are of the message's text alone.
      collector.drop();
      return event.text === "" ? undefined : { delta: { reasoning_content: event.text } };
    case "tool-call-start": {
      const { index, id, name } = event;
      const call = { index, id, type: "function" as const, function: { name, arguments: "" } };
      return { delta: { tool_calls: [call] } };
    }
    case "tool-call-delta": {
      collector.drop();
      const call = { index: event.index, function: { arguments: event.text } };
      return event.text === "" ? undefined : { delta: { tool_calls: [call] } };
    }
    case "token-log-probability":
      collector.add(event);
      return undefined;
    case "prompt-tokens":
    case "thought-seal":
      // No field of this API asks for them.
      return undefined;
    case "generation-end":
      return { delta: {}, finishReason: toFinishReason(event.finishReason) };
    default:
      return unreachable(event);
  }
}
