import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { toPythonJson } from "./python-json";
import { VICUNA_RECORD } from "@/lib/adapters/__fixtures__/vicuna-record";

/**
 * A worker that speaks FastChat's protocol byte for byte, with a model of a few lines: it registers before it
 * listens, beats, runs so many requests at once and lets the others wait, and answers with the whole text so
 * far in every chunk, each ended by a zero byte. Written from fastchat/serve/base_model_worker.py.
 */
export type FastchatWorkerOptions = {
  /** With the token; none: it serves whoever calls. */
  controller?: string;
  models?: string[];
  /** `Authorization` of every call to the controller, as `requests` makes it of a URL's user and password. */
  authorization?: string;
  checkHeartBeat?: boolean;
  /** Whether it tells what it serves, or wants to be asked. */
  tellsStatus?: boolean;
  beatMs?: number;
  port?: number;
  /** `--limit-worker-concurrency`. */
  limit?: number;
  contextLength?: number;
  /** The record of its conversation template. */
  template?: Record<string, unknown>;
  answer?: (prompt: string) => string;
  /** Between two chunks. */
  chunkMs?: number;
  /** Instead of an answer: these chunks, as they are. */
  chunks?: readonly object[];
  /** Reads texts, as the worker of Transformers does and others do not. */
  embeds?: boolean;
  /** Ends the process's connections in the middle of the answer, after so many chunks. */
  diesAfterChunks?: number;
};

export const VICUNA = VICUNA_RECORD;

const PATHS = [
  ...["/worker_generate_stream", "/worker_generate", "/worker_get_status", "/count_token"],
  ...["/worker_get_conv_template", "/model_details"],
];

/** Words with the space before them. */
const tokensOf = (text: string) => text.match(/\s*\S+|\s+$/g) ?? [];

export class FastchatTestWorker {
  readonly #options: FastchatWorkerOptions;
  #server: Server | undefined;
  #port: number;
  #beating: AbortController | undefined;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Bodies of all generations it was asked for. */
  readonly asked: Record<string, unknown>[] = [];
  /** Paths of all calls. */
  readonly calls: string[] = [];
  /** What the controller answered to beats. */
  readonly heard: unknown[] = [];
  /** Generations that were left in the middle. */
  left = 0;

  constructor(options: FastchatWorkerOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get models(): string[] {
    return this.#options.models ?? ["vicuna-7b"];
  }

  /** FastChat's order: it registers, then it beats, and then it listens. */
  async start(): Promise<void> {
    if (this.#port === 0) this.#port = await findPort();
    if (this.#options.controller !== undefined) await this.register();
    if (this.#options.checkHeartBeat !== false) this.#beat();
    this.#server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As after kill -9: everything at once, and not a word to anybody. */
  async die(): Promise<void> {
    this.#beating?.abort();
    const server = this.#server;
    this.#server = undefined;
    this.#running = 0;
    this.#waiting.length = 0;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  async register(): Promise<Response> {
    const { checkHeartBeat = true, tellsStatus = true } = this.#options;
    const reply = await this.#tell("register_worker", {
      worker_name: this.address,
      check_heart_beat: checkHeartBeat,
      worker_status: tellsStatus ? this.#status() : null,
      multimodal: false,
    });
    if (reply.status !== 200) throw new Error(`register_worker: ${reply.status}`);
    return reply;
  }

  async beat(): Promise<boolean> {
    const queueLength = this.#status().queue_length;
    const body = { worker_name: this.address, queue_length: queueLength };
    const reply = await this.#tell("receive_heart_beat", body);
    const { exist } = (await reply.json()) as { exist: boolean };
    this.heard.push(exist);
    if (!exist) await this.register();
    return exist;
  }

  #tell(call: string, body: object): Promise<Response> {
    const { controller, authorization } = this.#options;
    return fetch(`${controller}/${call}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }) },
      body: JSON.stringify(body),
    });
  }

  #beat(): void {
    const { beatMs } = this.#options;
    if (beatMs === undefined) return;
    this.#beating = new AbortController();
    const { signal } = this.#beating;
    void (async () => {
      while (!signal.aborted) {
        await delay(beatMs, undefined, { signal, ref: false });
        await this.beat().catch(() => undefined);
      }
    })().catch(() => undefined);
  }

  #status() {
    const queue_length = this.#running + this.#waiting.length;
    return { model_names: this.models, speed: 1, queue_length };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    this.calls.push(path);
    const body = await readBody(request);
    const { contextLength = 2_048, template = VICUNA, embeds = false } = this.#options;
    const paths = embeds ? [...PATHS, "/worker_get_embeddings"] : PATHS;
    const reply = (value: unknown) =>
      response.setHeader("content-type", "application/json").end(toPythonJson(value));
    if (path === "/openapi.json") {
      return void reply({ paths: Object.fromEntries(paths.map((it) => [it, {}])) });
    }
    if (!paths.includes(path)) return void response.writeHead(404).end('{"detail": "Not Found"}');
    if (path === "/worker_get_status") return void reply(this.#status());
    if (path === "/model_details") return void reply({ context_length: contextLength });
    if (path === "/worker_get_conv_template") return void reply({ conv: template });
    if (path === "/count_token") {
      return void reply({ count: tokensOf(String(body.prompt)).length, error_code: 0 });
    }
    await this.#acquire();
    try {
      if (path === "/worker_get_embeddings") reply(toEmbeddings(body.input as string[]));
      else await this.#stream(body, response);
    } finally {
      this.#release();
    }
  }

  async #stream(body: Record<string, unknown>, response: ServerResponse): Promise<void> {
    this.asked.push(body);
    const { chunkMs = 0, chunks = this.#toChunks(body), diesAfterChunks } = this.#options;
    let isLeft = false;
    response.once("close", () => {
      isLeft = !response.writableEnded;
      if (isLeft) this.left += 1;
    });
    for (const [index, chunk] of chunks.entries()) {
      if (index === diesAfterChunks) return void (await this.die());
      if (isLeft) return;
      response.write(`${toPythonJson(chunk)}\0`);
      if (chunkMs > 0) await delay(chunkMs);
    }
    response.end();
  }

  /** Two tokens at a time, and the whole text each time. */
  #toChunks(body: Record<string, unknown>): object[] {
    const { answer = (prompt) => `You said: ${prompt}` } = this.#options;
    const prompt = String(body.prompt);
    const promptTokens = tokensOf(prompt).length;
    const limit = Number(body.max_new_tokens ?? 256);
    const all = tokensOf(answer(prompt));
    const tokens = all.slice(0, limit);
    const chunk = (count: number, reason: string | null) => ({
      text: tokens.slice(0, count).join(""),
      error_code: 0,
      usage: {
        prompt_tokens: promptTokens,
        completion_tokens: count,
        total_tokens: promptTokens + count,
      },
      finish_reason: reason,
    });
    const counts = Array.from({ length: Math.ceil(tokens.length / 2) }, (_, index) => index * 2 + 2);
    return [
      ...counts.map((count) => chunk(Math.min(count, tokens.length), null)),
      chunk(tokens.length, all.length > limit ? "length" : "stop"),
    ];
  }

  async #acquire(): Promise<void> {
    const { limit = 5 } = this.#options;
    if (this.#running >= limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
  }

  #release(): void {
    this.#running = Math.max(0, this.#running - 1);
    this.#waiting.shift()?.();
  }
}

/** Vectors that tell texts apart, and are not of unit length. */
function toEmbeddings(input: string[]) {
  const embedding = input.map((text) => [text.length, tokensOf(text).length, 2]);
  return { embedding, token_num: input.reduce((sum, text) => sum + tokensOf(text).length, 0) };
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const piece of request) text += piece;
  return text === "" ? {} : JSON.parse(text);
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
