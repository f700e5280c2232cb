import type { Conversation } from "@/lib/adapters/conversation";
import { AppError } from "@/lib/errors";
import { FASTCHAT_REPLY_BYTES_MAX } from "@/lib/fleet-limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { fromErrorCode } from "./error-code";
import { GrowingText } from "./growing-text";
import { readChunks } from "./read-chunks";
import { type Chunk, chunkSchema } from "./worker-wire";

/** FastChat's own defaults (fastchat/serve/inference.py), told so that `generation-start` can say what was used. */
const TEMPERATURE_DEFAULT = 1;
const TOP_P_DEFAULT = 1;

export type Plan = {
  request: GenerateRequest;
  template: Conversation;
  prompt: string;
  promptTokens: number;
  /** Completion tokens at most. */
  maxTokens: number;
  build: string;
  arrivedMs: number;
};

/** The body of `/worker_generate_stream`. */
export function toGenerateBody({ request, template, prompt, maxTokens }: Plan): object {
  const { sampling, stop, stopTokenIds = [] } = request;
  const { temperature = TEMPERATURE_DEFAULT, topP = TOP_P_DEFAULT, topK = 0 } = sampling;
  return {
    ...{ model: request.model, prompt, temperature, top_p: topP },
    // Its word for "all of them".
    top_k: topK === 0 ? -1 : topK,
    presence_penalty: sampling.presencePenalty ?? 0,
    frequency_penalty: sampling.frequencyPenalty ?? 0,
    repetition_penalty: sampling.repetitionPenalty ?? 1,
    ...{ max_new_tokens: maxTokens, echo: false, logprobs: null },
    stop: [...new Set([...stop, ...template.stop])],
    stop_token_ids: [...new Set([...stopTokenIds, ...template.stopTokenIds])],
  };
}

export function toGenerationStart({ request, promptTokens, maxTokens, build }: Plan) {
  const { temperature = TEMPERATURE_DEFAULT, topP = TOP_P_DEFAULT, ...sampling } = request.sampling;
  // Of a further answer it is the first one's, which no worker of FastChat's was told.
  const { seed: _, ...told } = sampling;
  return {
    ...{ type: "generation-start" as const, model: request.model, build, promptTokens, maxTokens },
    sampling: { ...told, temperature, topP },
  };
}

export type Asking = {
  /** Of a text, where the worker's chunks do not tell. */
  countTokens(text: string): Promise<number>;
  /** Lets go of the stream in the middle. */
  stop(): void;
};

/**
 * A worker's stream as our events: the text told bit by bit instead of over and over, its errors thrown.
 *
 * @throws AppError by FastChat's number; `worker-lost` for an answer that breaks off; `upstream-invalid`.
 */
export async function* toEvents(
  body: AsyncIterable<Uint8Array>,
  plan: Plan,
  { countTokens, stop }: Asking,
): AsyncGenerator<GenerateEvent> {
  const openedMs = performance.now();
  yield toGenerationStart(plan);
  const told = new Told(plan);
  // Not `for await`, which would close the stream when it is left.
  const chunks = readChunks(body, FASTCHAT_REPLY_BYTES_MAX);
  while (!told.isOver) {
    const { done, value } = await chunks.next();
    const delta = done ? told.finish() : told.take(toChunk(value));
    if (delta !== undefined) yield delta;
  }
  // A worker that ignores stop strings would go on for nobody.
  if (!told.isWhole) stop();
  // Text that is read anew may make more tokens than it was written in.
  const recount = async () => Math.min(await countTokens(told.text), plan.maxTokens);
  const completionTokens = told.tokens ?? (await recount());
  const endedMs = performance.now();
  const sinceMs = (ms: number) => ms - plan.arrivedMs;
  yield {
    type: "generation-end",
    ...told.toEnding(completionTokens),
    usage: { promptTokens: plan.promptTokens, completionTokens },
    timing: {
      queuedMs: sinceMs(openedMs),
      firstTokenMs: sinceMs(told.firstMs ?? endedMs),
      durationMs: sinceMs(endedMs),
    },
  };
  // To its end, and not cut off: FastChat gives a place free when the stream is out, and in some
  // versions of its server only then.
  while (told.isWhole && !(await chunks.next()).done);
}

/** What was told of an answer. */
class Told {
  readonly #plan: Plan;
  readonly #growing: GrowingText;
  #last: Chunk | undefined;
  #stopString: string | undefined;
  #tokens = 0;
  firstMs: number | undefined;
  isOver = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#growing = new GrowingText([...plan.request.stop, ...plan.template.stop]);
  }

  get text(): string {
    return this.#growing.told;
  }

  /** The worker said that it is over, or closed the stream. */
  get isWhole(): boolean {
    return this.#stopString === undefined || this.#last?.finish_reason != null;
  }

  /** Undefined where the worker does not count, or says that a text is made of none. */
  get tokens(): number | undefined {
    const counted = this.#last?.usage?.completion_tokens;
    if (this.text === "") return counted ?? 0;
    return counted == null ? undefined : Math.max(counted, this.#tokens) || undefined;
  }

  take(chunk: Chunk): GenerateEvent | undefined {
    this.#last = chunk;
    return this.#grow(chunk, chunk.finish_reason != null);
  }

  /** The stream is at its end, and no chunk said so: some workers never do. */
  finish(): GenerateEvent | undefined {
    if (this.#last === undefined) throw brokenOff();
    return this.#grow(this.#last, true);
  }

  toEnding(completionTokens: number) {
    const { request, maxTokens } = this.#plan;
    const stopString = this.#stopString;
    return {
      finishReason: this.#toFinishReason(completionTokens >= maxTokens),
      ...(stopString !== undefined && request.stop.includes(stopString) && { stopString }),
    };
  }

  #grow(chunk: Chunk, isLast: boolean): GenerateEvent | undefined {
    const { delta, stopString } = this.#growing.grow(chunk.text, { isLast });
    this.#stopString = stopString;
    this.isOver = isLast || stopString !== undefined;
    if (delta === "") return undefined;
    this.firstMs ??= performance.now();
    const tokens = Math.max(0, (chunk.usage?.completion_tokens ?? 0) - this.#tokens);
    this.#tokens += tokens;
    return { type: "text-delta", text: delta, tokens };
  }

  #toFinishReason(isFull: boolean): "stop" | "length" {
    if (this.#stopString !== undefined) return "stop";
    const reason = this.#last?.finish_reason;
    // The worker gave up on it, and not because it was asked to.
    if (reason === "abort") throw brokenOff();
    if (reason === "length") return "length";
    return reason == null && isFull ? "length" : "stop";
  }
}

function toChunk(value: unknown): Chunk {
  const parsed = chunkSchema.safeParse(value);
  if (!parsed.success) {
    throw new AppError("upstream-invalid", {
      message: "The worker sent a chunk that FastChat's protocol does not have.",
      cause: parsed.error,
    });
  }
  const { error_code: code } = parsed.data;
  if (code !== 0) throw fromErrorCode(code);
  return parsed.data;
}

function brokenOff(): AppError {
  return new AppError("worker-lost", { message: "The worker ended the answer half-way." });
}
