import { type OpenAiError, toOpenAiError } from "../error";
import { type OpenAiUsage, toUsage } from "../usage";
import { toWireParam } from "../wire-param";
import { LogProbabilityCollector, type OpenAiLogProbabilities } from "./log-probabilities";
import { type ChatSource, toFinishReason, toHead, type WireFinishReason } from "./reply";

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
    delta: ChatDelta,
    finishReason: WireFinishReason | null,
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
      case "reasoning-delta":
        // Scores are of the message's text alone.
        collector.take();
        if (event.text !== "") yield toChunk({ reasoning_content: event.text }, null);
        break;
      case "tool-call-start": {
        const { index, id, name } = event;
        const call = { index, id, type: "function" as const, function: { name, arguments: "" } };
        yield toChunk({ tool_calls: [call] }, null);
        break;
      }
      case "tool-call-delta": {
        collector.take();
        const call = { index: event.index, function: { arguments: event.text } };
        if (event.text !== "") yield toChunk({ tool_calls: [call] }, null);
        break;
      }
      case "token-log-probability":
        collector.add(event);
        break;
      case "prompt-tokens":
        // No field of this API asks for them.
        break;
      case "generation-error":
        yield toOpenAiError({ ...event, param: event.param && toWireParam(event.param) });
        return;
      case "generation-end":
        yield toChunk({}, toFinishReason(event.finishReason));
        if (includeUsage) yield { ...head, choices: [], usage: toUsage(event.usage) };
        yield DONE;
        return;
    }
  }
}
