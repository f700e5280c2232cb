import type { Conversation } from "@/lib/adapters/conversation";
import { AppError } from "@/lib/errors";
import {
  FASTCHAT_TEMPLATE_MS_MAX,
  FASTCHAT_TEMPLATES_KEPT_MAX,
  FASTCHAT_TEXTS_A_CALL_MAX,
} from "@/lib/fleet-limits";
import { WORKER_CALL_MS_MAX, WORKER_SILENCE_MS_MAX } from "@/lib/limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import { processSingleton } from "@/lib/util/process-singleton";
import { checkRequest } from "./check-request";
import { fromErrorCode } from "./error-code";
import { type Plan, toEvents, toGenerateBody, toGenerationStart } from "./generation";
import { type Post, post, postWhole, toPostError } from "./post";
import { toPrompt } from "./to-prompt";
import { embeddingsSchema, templateReplySchema, tokenCountSchema } from "./worker-wire";

/** A place at a worker of FastChat's: what `Reservation` says of one. */
export type FastchatPlace = {
  /** Of one life of it. */
  workerId: string;
  address: string;
  offer: { build: string; contextLength: number };
};

type Call = { signal: AbortSignal };

/**
 * Web → worker of FastChat's, in FastChat's own protocol (fastchat/serve/base_model_worker.py). Throws
 * AppErrors only, as `WorkerClient` does.
 */
export class FastchatClient {
  readonly #templates = new Map<string, { template: Conversation; untilMs: number }>();

  /** As `WorkerClient.generate`: resolves when the worker has begun. */
  async generate(
    place: FastchatPlace,
    request: GenerateRequest,
    call: Call,
  ): Promise<AsyncGenerator<GenerateEvent>> {
    checkRequest(request);
    const arrivedMs = performance.now();
    const plan = await this.#plan(place, request, { ...call, arrivedMs });
    if (plan.maxTokens === 0) return toEmptyAnswer(plan);
    const { address } = place;
    const { body } = await post(address, "/worker_generate_stream", {
      body: toGenerateBody(plan),
      ...call,
      // The head comes when the worker has a place, for which it lets everybody wait.
      headMsMax: WORKER_SILENCE_MS_MAX,
    });
    const stop = () => void body.destroy();
    const countTokens = (text: string) => this.countTokens(address, request.model, text, call);
    return stoppable(toEvents(body, plan, { countTokens, stop }), { stop, signal: call.signal });
  }

  /** A vector for each text. */
  async embed(
    { address, offer }: FastchatPlace,
    request: EmbedRequest,
    { signal }: Call,
  ): Promise<EmbedReply> {
    const texts = toTexts(request);
    await this.#checkLengths({ address, offer }, request, texts, { signal });
    const reply: EmbedReply = { embeddings: [], promptTokens: 0 };
    for (let start = 0; start < texts.length; start += FASTCHAT_TEXTS_A_CALL_MAX) {
      const input = texts.slice(start, start + FASTCHAT_TEXTS_A_CALL_MAX);
      const told = await postWhole(address, "/worker_get_embeddings", {
        body: { model: request.model, input },
        ...{ signal, headMsMax: WORKER_SILENCE_MS_MAX, schema: embeddingsSchema },
      });
      if (told.error_code !== 0) throw fromErrorCode(told.error_code);
      if (told.embedding.length !== input.length) {
        throw new AppError("upstream-invalid", {
          message: `The worker gave ${told.embedding.length} vectors for ${input.length} texts.`,
        });
      }
      reply.embeddings.push(...told.embedding.map(toUnitLength));
      reply.promptTokens += told.token_num;
    }
    return reply;
  }

  /** Tokens of a text as the model's tokenizer has them, the special ones around it included. */
  async countTokens(address: string, model: string, text: string, { signal }: Call) {
    const { count, error_code: code } = await postWhole(address, "/count_token", {
      body: { model, prompt: text },
      ...{ signal, headMsMax: WORKER_CALL_MS_MAX, schema: tokenCountSchema },
    });
    if (code !== 0) throw fromErrorCode(code);
    return count;
  }

  async #plan(
    place: FastchatPlace,
    request: GenerateRequest,
    { signal, arrivedMs }: Call & { arrivedMs: number },
  ): Promise<Plan> {
    const { address, offer } = place;
    const template = await this.#template(place, request.model, { signal });
    const prompt = toPrompt(request, template);
    const promptTokens = await this.countTokens(address, request.model, prompt, { signal });
    // FastChat's loop keeps one token free, and cuts the beginning off a prompt that leaves less.
    const room = offer.contextLength - promptTokens - 1;
    if (room < 1) {
      throw new AppError("context-length-exceeded", {
        message: `The prompt has ${promptTokens} tokens, and the model's context holds ${offer.contextLength}. Shorten it.`,
        param: request.prompt === undefined ? "messages" : "prompt",
      });
    }
    const maxTokens = Math.min(request.maxTokens ?? room, room);
    const { build } = offer;
    return { request, template, prompt, promptTokens, maxTokens, build, arrivedMs };
  }

  /** Asked for once in a worker's life, and again where that is long. */
  async #template(
    { workerId, address }: FastchatPlace,
    model: string,
    { signal }: Call,
  ): Promise<Conversation> {
    const key = `${workerId} ${model}`;
    const kept = this.#templates.get(key);
    if (kept !== undefined && performance.now() < kept.untilMs) return kept.template;
    const options: Post = { body: { model }, signal, headMsMax: WORKER_CALL_MS_MAX };
    const schema = templateReplySchema;
    const { conv } = await postWhole(address, "/worker_get_conv_template", { ...options, schema });
    this.#templates.delete(key);
    const untilMs = performance.now() + FASTCHAT_TEMPLATE_MS_MAX;
    this.#templates.set(key, { template: conv, untilMs });
    const [oldest] = this.#templates.keys();
    if (this.#templates.size > FASTCHAT_TEMPLATES_KEPT_MAX && oldest !== undefined) {
      this.#templates.delete(oldest);
    }
    return conv;
  }

  /** A worker averages over the pieces of a text that is too long, or cuts it, and does not tell which. */
  async #checkLengths(
    { address, offer }: Pick<FastchatPlace, "address" | "offer">,
    { model, overflow = "refuse" }: EmbedRequest,
    texts: readonly string[],
    call: Call,
  ): Promise<void> {
    if (overflow === "average") return;
    for (const [index, text] of texts.entries()) {
      // A token is a byte at least, and a tokenizer puts a few of its own around a text.
      if (Buffer.byteLength(text) + SPECIAL_TOKENS_MAX <= offer.contextLength) continue;
      const count = await this.countTokens(address, model, text, call);
      if (count <= offer.contextLength) continue;
      const isRefused = overflow === "refuse";
      throw new AppError(isRefused ? "context-length-exceeded" : "unsupported-parameter", {
        message: isRefused
          ? `The text has ${count} tokens, and the model reads ${offer.contextLength}. Send it in parts.`
          : `The text has ${count} tokens, the model reads ${offer.contextLength}, and its worker cannot be told to cut it. Send it in parts.`,
        param: isRefused ? `inputs.${index}` : "overflow",
      });
    }
  }
}

const SPECIAL_TOKENS_MAX = 4;

/** The one client of this process, so that what it knows of workers is shared. */
export function fastchatClient(): FastchatClient {
  return processSingleton("fastchat-client", () => new FastchatClient());
}

function toTexts({ inputs }: EmbedRequest): string[] {
  return inputs.map((input, index) => {
    if (typeof input === "string") return input;
    throw new AppError("unsupported-parameter", {
      message: "The worker of this model takes texts and no tokens. Send the input as a text.",
      param: `inputs.${index}`,
    });
  });
}

/** As nearly all of FastChat's models give them. */
function toUnitLength(vector: readonly number[]): number[] {
  const length = Math.sqrt(vector.reduce((sum, it) => sum + it * it, 0));
  return vector.map((it) => (length > 0 ? it / length : it));
}

async function* toEmptyAnswer(plan: Plan): AsyncGenerator<GenerateEvent> {
  const ms = performance.now() - plan.arrivedMs;
  yield toGenerationStart(plan);
  yield {
    ...{ type: "generation-end", finishReason: "length" },
    usage: { promptTokens: plan.promptTokens, completionTokens: 0 },
    timing: { queuedMs: 0, firstTokenMs: ms, durationMs: ms },
  };
}

/** A generator's own `return` does nothing before the first `next`; this one closes the stream always. */
function stoppable<T>(
  inner: AsyncGenerator<T>,
  { stop, signal }: { stop: () => void; signal: AbortSignal },
): AsyncGenerator<T> {
  const outer: AsyncGenerator<T> = {
    async next() {
      try {
        return await inner.next();
      } catch (error) {
        stop();
        throw toPostError(error, signal);
      }
    },
    return: (value) => {
      stop();
      return inner.return(value);
    },
    throw: (error) => {
      stop();
      return inner.throw(error);
    },
    [Symbol.asyncIterator]: () => outer,
    [Symbol.asyncDispose]: async () => void (await outer.return(undefined)),
  };
  return outer;
}
