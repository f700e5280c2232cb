import * as z from "zod";
import { isAppError } from "@/lib/errors";
import { EVENT_BYTES_MAX } from "@/lib/limits";
import { CHAT_ERROR_BYTES_MAX, CHAT_LIST_MS_MAX, CHAT_SILENCE_MS_MAX } from "@/lib/terminal-limits";
import { ServerSentEventReader } from "@/lib/util/server-sent-events";
import { plainLine } from "../text-table";
import { ChatError } from "./chat-error";
import type { ChatEvent, ChatRequest, ChatSampling, ChatSource } from "./chat-source";
import { mayChat, modelListSchema, toNames } from "./listed-models";

export type ServerOptions = {
  /** With or without `/v1`. */
  baseUrl: string;
  apiKey?: string | undefined;
  /** How the person gives another key. */
  keyHint: string;
};

const code = z.union([z.string(), z.number()]).nullish();
/** OpenAI's form, and those of servers that take its requests: words, and perhaps a code. */
const errorSchema = z.union([
  z.object({ error: z.object({ message: z.string(), code }) }).transform(({ error }) => error),
  z.object({ error: z.string() }).transform(({ error }) => ({ message: error, code: undefined })),
  // FastChat's refusals, and its failures in the middle of a stream.
  z.object({ object: z.literal("error"), message: z.string(), code }),
  z
    .object({ text: z.string(), error_code: z.number() })
    .transform(({ text, error_code }) => ({ message: text, code: error_code })),
]);
/** Of a refusal as a whole also what frameworks of servers write by themselves. */
const refusalSchema = z.union([
  errorSchema,
  z.object({ message: z.string(), code }),
  z
    .object({ detail: z.string() })
    .transform(({ detail }) => ({ message: detail, code: undefined })),
]);
const text = z.string().nullish();
const wordsSchema = z.object({ content: text, reasoning_content: text, reasoning: text }).nullish();
const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: wordsSchema,
        /** Instead, of a server that answers as a whole whatever it was asked. */
        message: wordsSchema,
        finish_reason: text,
      }),
    )
    .nullish(),
  usage: z
    .object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() })
    .nullish(),
});

/** A server that speaks OpenAI's chat completions, such as a Parley. */
export class ServerSource implements ChatSource {
  readonly where: string;
  readonly #options: ServerOptions;
  readonly #base: string;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#base = toApiBase(options.baseUrl);
    this.where = this.#base.replace(/\/v1$/, "");
  }

  async listModels(): Promise<string[]> {
    const reply = await this.#fetch("/models", { signal: AbortSignal.timeout(CHAT_LIST_MS_MAX) });
    if (!reply.ok) throw await this.#toError(reply, undefined);
    const said: unknown = await reply.json().catch(() => undefined);
    const parsed = modelListSchema.safeParse(said);
    if (!parsed.success) {
      throw new ChatError(
        "server-failed",
        `What answers at ${this.where} does not list models as OpenAI's API does.`,
        "Name the address of an API with --base-url, such as http://127.0.0.1:3000.",
      );
    }
    return parsed.data.data.filter(mayChat).map(({ id }) => id);
  }

  async *ask(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const silence = new SilenceWatch(signal);
    try {
      const reply = await this.#fetch("/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify(toBody(request)),
        signal: silence.signal,
      });
      if (!reply.ok) throw await this.#toError(reply, request.model);
      yield* this.#read(reply, silence);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ChatError) throw error;
      if (silence.isSilent) {
        const seconds = CHAT_SILENCE_MS_MAX / 1_000;
        throw new ChatError("server-failed", `The server said nothing for ${seconds} s.`);
      }
      throw new ChatError(
        "broken-answer",
        "The connection broke before the answer was finished.",
        "Ask again with /regen.",
        error,
      );
    } finally {
      silence.end();
    }
  }

  async close(): Promise<void> {}

  async *#read(reply: Response, silence: SilenceWatch): AsyncGenerator<ChatEvent> {
    if (reply.body === null) throw new ChatError("broken-answer", "The server sent no answer.");
    const bytes = silence.watch(reply.body);
    const type = reply.headers.get("content-type") ?? "";
    if (type.startsWith("text/html")) {
      throw new ChatError(
        "broken-answer",
        `What answers at ${this.where} is no API: it sent a page.`,
        BASE_URL_HINT,
      );
    }
    if (!type.startsWith("application/json")) return yield* readAnswer(readEventData(bytes));
    const whole = await readWhole(bytes);
    yield* readAnswer([whole, "[DONE]"]);
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const { apiKey } = this.#options;
    const headers = new Headers(init.headers);
    if (apiKey !== undefined) headers.set("authorization", `Bearer ${apiKey}`);
    try {
      return await fetch(this.#base + path, { ...init, headers });
    } catch (cause) {
      if (init.signal?.aborted && !isTimeout(init.signal.reason)) throw cause;
      throw new ChatError(
        "unreachable",
        `Nobody answers at ${this.where}.`,
        "Start the platform with `npm start`, or name another address with --base-url.",
        cause,
      );
    }
  }

  async #toError(reply: Response, model: string | undefined): Promise<ChatError> {
    const { status } = reply;
    const { message = "", code } =
      refusalSchema.safeParse(parseJson(await readSome(reply))).data ?? {};
    const said = plainLine(message);
    if (status === 401 || status === 403) {
      const message = said || `The server at ${this.where} refuses the key.`;
      return new ChatError("refused-key", message, this.#options.keyHint);
    }
    if (status === 429) return toWait(reply, said);
    if (
      model !== undefined &&
      (code === "model_not_found" || (status === 404 && /model/i.test(said)))
    ) {
      const names = await this.listModels().catch(() => []);
      return new ChatError("unknown-model", `No model is called ${model}.`, toNames(names));
    }
    if (status >= 500) {
      return new ChatError("server-failed", said || `The server failed with status ${status}.`);
    }
    const isPage = status === 404 && said === "";
    return new ChatError(
      "refused",
      said || `The server refused with status ${status}.`,
      isPage ? BASE_URL_HINT : "",
    );
  }
}

const BASE_URL_HINT =
  "Is --base-url the address of an API, with its /v1 or what stands in its place?";

/** As a browser, a client library or a person writes it. */
function toApiBase(baseUrl: string): string {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path === "" ? "/v1" : path;
  url.search = "";
  url.hash = "";
  return url.href.replace(/\/$/, "");
}

function toBody({ model, messages, sampling }: ChatRequest): object {
  return {
    model,
    messages,
    ...toWire(sampling),
    stream: true,
    stream_options: { include_usage: true },
  };
}

function toWire({ temperature, topP, maxTokens, seed, repetitionPenalty }: ChatSampling): object {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    ...(seed !== undefined && { seed }),
    ...(repetitionPenalty !== undefined && { repetition_penalty: repetitionPenalty }),
  };
}

/** The events of an answer, of the JSON texts that it came in. */
async function* readAnswer(
  texts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<ChatEvent> {
  let finishReason: string | null = null;
  let usage: z.infer<typeof chunkSchema>["usage"];
  let isOver = false;
  for await (const data of texts) {
    if (data === "[DONE]") {
      isOver = true;
      break;
    }
    const value = parseJson(data);
    const failed = errorSchema.safeParse(value);
    if (failed.success) throw new ChatError("server-failed", plainLine(failed.data.message));
    const parsed = chunkSchema.safeParse(value);
    if (!parsed.success) {
      throw new ChatError(
        "broken-answer",
        "The server sent what is no piece of a chat completion.",
      );
    }
    const [choice] = parsed.data.choices ?? [];
    const words = choice?.delta ?? choice?.message;
    const reasoning = words?.reasoning_content ?? words?.reasoning;
    if (reasoning) yield { type: "reasoning", text: reasoning };
    if (words?.content) yield { type: "text", text: words.content };
    finishReason = choice?.finish_reason ?? finishReason;
    usage = parsed.data.usage ?? usage;
  }
  // A proxy that gives up ends the body as if all were said.
  if (!isOver && finishReason === null) {
    throw new ChatError(
      "broken-answer",
      "The server ended the answer half-way.",
      "Ask again with /regen.",
    );
  }
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = usage ?? {};
  yield {
    type: "end",
    finishReason,
    promptTokens: promptTokens ?? null,
    completionTokens: completionTokens ?? null,
  };
}

/** @throws ChatError where what came is no server-sent event, or has no end. */
async function* readEventData(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const reader = new ServerSentEventReader(EVENT_BYTES_MAX);
  try {
    for await (const chunk of chunks) for (const { data } of reader.push(chunk)) yield data;
    for (const { data } of reader.end()) yield data;
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw new ChatError(
      "broken-answer",
      `The server's answer cannot be read: ${error.message}`,
      "",
      error,
    );
  }
}

/** @throws ChatError where it has no end. */
async function readWhole(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let whole = "";
  for await (const chunk of chunks) {
    whole += decoder.decode(chunk, { stream: true });
    if (whole.length > EVENT_BYTES_MAX) {
      throw new ChatError(
        "broken-answer",
        `The server's answer is above ${EVENT_BYTES_MAX} bytes.`,
      );
    }
  }
  return whole;
}

/** Ends a request whose server says nothing, however long its whole answer takes. */
class SilenceWatch {
  readonly #own = new AbortController();
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#own.signal]);
    this.#timer = this.#start();
  }

  get isSilent(): boolean {
    return this.#own.signal.aborted;
  }

  async *watch(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      clearTimeout(this.#timer);
      this.#timer = this.#start();
      yield chunk;
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#own.abort(), CHAT_SILENCE_MS_MAX);
  }
}

function toWait(reply: Response, said: string): ChatError {
  const seconds = Number(reply.headers.get("retry-after"));
  const wait =
    Number.isFinite(seconds) && seconds > 0
      ? `Ask again in ${Math.ceil(seconds)} s.`
      : "Ask again in a while.";
  return new ChatError("rate-limited", said || "The server takes no more requests for now.", wait);
}

async function readSome(reply: Response): Promise<string> {
  const decoder = new TextDecoder();
  let said = "";
  try {
    for await (const chunk of reply.body ?? []) {
      said += decoder.decode(chunk, { stream: true });
      if (said.length > CHAT_ERROR_BYTES_MAX) break;
    }
  } catch {
    // What was read tells more than why the rest is missing.
  }
  return said;
}

function parseJson(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}

const isTimeout = (reason: unknown) => reason instanceof Error && reason.name === "TimeoutError";
