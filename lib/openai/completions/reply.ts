import { AppError } from "@/lib/errors";
import type { GenerationEnd } from "@/lib/protocol/generate-event";
import { type StreamNote, toResumedNote } from "@/lib/protocol/stream-note";
import { assert } from "@/lib/util/assert";
import { type ChatSource, EndCounter, toHead } from "../chat/reply";
import { type OpenAiError, toOpenAiError } from "../error";
import { type OpenAiUsage, toUsage } from "../usage";
import { toWireParam } from "../wire-param";
import {
  type ChoiceOptions,
  CompletionChoice,
  type CompletionLogProbabilities,
  joinPieces,
  pickBest,
} from "./choice";

/** OpenAI's `text_completion` object: the whole reply, and every chunk of a stream. */
export type CompletionReply = {
  id: string;
  object: "text_completion";
  created: number;
  model: string;
  system_fingerprint: string;
  choices: {
    index: number;
    text: string;
    logprobs: CompletionLogProbabilities | null;
    finish_reason: "stop" | "length" | null;
  }[];
  usage?: OpenAiUsage | null;
};

export type ReplyOptions = ChoiceOptions & {
  /** Answers given to each prompt. */
  n: number;
  /** Answers made to each prompt, of which the best are given. */
  made: number;
};

/**
 * The whole answer to all prompts.
 *
 * @throws AppError with which a generation ended.
 */
export async function toCompletionReply(
  { id, start, count, events }: ChatSource,
  options: ReplyOptions,
): Promise<CompletionReply> {
  const ends = new EndCounter(count);
  const answers = Array.from({ length: count }, () => ({
    choice: new CompletionChoice(options),
    pieces: [] as { text: string; logprobs: CompletionLogProbabilities | null }[],
  }));
  for await (const { choice, event } of events) {
    if (event.type === "generation-error") {
      const param = event.param && toWireParam(event.param);
      throw new AppError(event.code, { message: event.message, param });
    }
    const answer = answers[choice];
    assert(answer, "an event is of one of the answers");
    const piece = answer.choice.take(event);
    if (piece) answer.pieces.push(piece);
    ends.see(choice, event);
    if (!ends.isWhole) continue;
    const finished = answers.map(({ choice: { score }, pieces }, index) => ({
      ...{ score, ...joinPieces(pieces), reason: toReason(ends.reasonOf(index)) },
    }));
    const given = cut(finished, options.made).flatMap((made) => pickBest(made, options.n));
    return {
      ...toHead({ id, start }, "text_completion", "cmpl"),
      choices: given.map(({ text, logprobs, reason }, index) => ({
        ...{ index, text, logprobs, finish_reason: reason },
      })),
      usage: toUsage(sumUsage(ends, options.made)),
    };
  }
  throw new AppError("client-closed", { message: "The request was cancelled." });
}

/** The answers as chunks, each with its number, then the usage when asked for and `[DONE]`. */
export async function* toCompletionChunks(
  { id, start, count, events }: ChatSource,
  options: ReplyOptions & { includeUsage: boolean },
): AsyncGenerator<CompletionReply | OpenAiError | StreamNote | "[DONE]"> {
  const head = toHead({ id, start }, "text_completion", "cmpl");
  const choices = Array.from({ length: count }, () => new CompletionChoice(options));
  const ends = new EndCounter(count);
  for await (const { choice: index, event } of events) {
    if (event.type === "generation-error") {
      yield toOpenAiError({ ...event, param: event.param && toWireParam(event.param) });
      return;
    }
    if (event.type === "generation-resumed") {
      yield toResumedNote(event);
      continue;
    }
    const isEnd = event.type === "generation-end";
    ends.see(index, event);
    const piece = choices[index]?.take(event);
    if (!piece && !isEnd) continue;
    const { text = "", logprobs = null } = piece ?? {};
    const reason = isEnd ? toReason(event.finishReason) : null;
    yield {
      ...head,
      choices: [{ index, text, logprobs, finish_reason: reason }],
      ...(options.includeUsage && { usage: null }),
    };
    if (!ends.isWhole) continue;
    if (options.includeUsage) {
      yield { ...head, choices: [], usage: toUsage(sumUsage(ends, options.made)) };
    }
    yield "[DONE]";
    return;
  }
}

/** No tools are offered here, so none are called. */
function toReason(reason: GenerationEnd["finishReason"]): "stop" | "length" {
  return reason === "length" ? "length" : "stop";
}

/** Each prompt is paid for once, each answer for itself. */
function sumUsage(ends: EndCounter, made: number): GenerationEnd["usage"] {
  const usages = cut(ends.usages, made).flatMap((answers) => answers[0] ?? []);
  const sum = (field: "promptTokens" | "cachedPromptTokens") =>
    usages.reduce((total, it) => total + (it[field] ?? 0), 0);
  return {
    promptTokens: sum("promptTokens"),
    cachedPromptTokens: sum("cachedPromptTokens"),
    completionTokens: ends.usage.completionTokens,
  };
}

function cut<T>(list: readonly T[], size: number): T[][] {
  const partCount = Math.ceil(list.length / size);
  return Array.from({ length: partCount }, (_, part) => list.slice(part * size, (part + 1) * size));
}
