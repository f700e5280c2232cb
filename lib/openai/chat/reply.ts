import { AppError } from "@/lib/errors";
import type { FinishReason, GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import { createId } from "@/lib/util/id";
import { type OpenAiUsage, toUsage } from "../usage";
import { toWireParam } from "../wire-param";
import {
  LogProbabilityCollector,
  type OpenAiLogProbabilities,
  type OpenAiTokenScore,
} from "./log-probabilities";

/** What reply and stream are made from. */
export type ChatSource = { start: GenerationStart; events: AsyncIterable<GenerateEvent> };

/** OpenAI's `chat.completion` object. */
export type ChatReply = {
  id: string;
  object: "chat.completion";
  created: number;
  model: string;
  choices: {
    index: number;
    message: { role: "assistant"; content: string; refusal: null };
    logprobs: OpenAiLogProbabilities | null;
    finish_reason: FinishReason;
  }[];
  usage: OpenAiUsage;
  system_fingerprint: string;
};

/**
 * The whole answer.
 *
 * @throws AppError with which the generation ended.
 */
export async function toChatReply(
  { start, events }: ChatSource,
  { includeLogProbabilities }: { includeLogProbabilities: boolean },
): Promise<ChatReply> {
  let content = "";
  const collector = new LogProbabilityCollector(includeLogProbabilities);
  const scores: OpenAiTokenScore[] = [];
  for await (const event of events) {
    if (event.type === "token-log-probability") collector.add(event);
    if (event.type === "text-delta") {
      content += event.text;
      scores.push(...(collector.take()?.content ?? []));
    }
    if (event.type === "generation-error") {
      const param = event.param && toWireParam(event.param);
      throw new AppError(event.code, { message: event.message, param });
    }
    if (event.type !== "generation-end") continue;
    const message = { role: "assistant", content, refusal: null } as const;
    const logprobs = includeLogProbabilities ? { content: scores, refusal: null } : null;
    return {
      ...toHead(start, "chat.completion"),
      choices: [{ index: 0, message, logprobs, finish_reason: event.finishReason }],
      usage: toUsage(event.usage),
    };
  }
  throw new AppError("client-closed", { message: "The request was cancelled." });
}

/** What is the same in a reply and in every chunk of a stream. */
export function toHead<Kind extends string>(start: GenerationStart, object: Kind) {
  return {
    id: `chatcmpl-${createId().replaceAll("-", "")}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: start.model,
    system_fingerprint: toFingerprint(start.build),
  };
}

/** Two answers with the same fingerprint, seed and request are the same text. */
export function toFingerprint(build: string): string {
  return `fp_${build.slice(0, 12)}`;
}
