import type { FinishReason } from "@/lib/protocol/generate-event";
import { type OpenAiError, toOpenAiError } from "../error";
import { type OpenAiUsage, toUsage } from "../usage";
import { toWireParam } from "../wire-param";
import { LogProbabilityCollector, type OpenAiLogProbabilities } from "./log-probabilities";
import { type ChatSource, toHead } from "./reply";

/** OpenAI's `chat.completion.chunk` object. */
export type ChatChunk = {
  id: string;
  object: "chat.completion.chunk";
  created: number;
  model: string;
  system_fingerprint: string;
  choices: {
    index: number;
    delta: { role?: "assistant"; content?: string; refusal?: null };
    logprobs: OpenAiLogProbabilities | null;
    finish_reason: FinishReason | null;
  }[];
  /** Present in every chunk when asked for, and null in all but the last. */
  usage?: OpenAiUsage | null;
};

/** The end of every whole stream, as it stands on the wire. */
export const DONE = "[DONE]";

/**
 * The answer as chunks: the role, the deltas, the finish reason, the usage when asked for, `[DONE]`. A
 * generation that fails ends with OpenAI's error object instead, which its clients throw.
 */
export async function* toChatChunks(
  { start, events }: ChatSource,
  options: { includeUsage: boolean; includeLogProbabilities: boolean },
): AsyncGenerator<ChatChunk | OpenAiError | typeof DONE> {
  const { includeUsage } = options;
  const head = toHead(start, "chat.completion.chunk");
  const collector = new LogProbabilityCollector(options.includeLogProbabilities);
  const toChunk = (
    delta: ChatChunk["choices"][number]["delta"],
    finishReason: FinishReason | null,
    logprobs: OpenAiLogProbabilities | null = null,
  ): ChatChunk => ({
    ...head,
    choices: [{ index: 0, delta, logprobs, finish_reason: finishReason }],
    ...(includeUsage && { usage: null }),
  });
  for await (const event of events) {
    switch (event.type) {
      case "generation-start":
        yield toChunk({ role: "assistant", content: "", refusal: null }, null);
        break;
      case "text-delta":
        if (event.text !== "") yield toChunk({ content: event.text }, null, collector.take());
        break;
      case "token-log-probability":
        collector.add(event);
        break;
      case "prompt-log-probabilities":
        // No field of this API asks for them.
        break;
      case "generation-error":
        yield toOpenAiError({ ...event, param: event.param && toWireParam(event.param) });
        return;
      case "generation-end":
        yield toChunk({}, event.finishReason);
        if (includeUsage) yield { ...head, choices: [], usage: toUsage(event.usage) };
        yield DONE;
        return;
    }
  }
}
