import type { Dispatcher } from "undici";
import { readVariable } from "@/lib/env";
import { UPSTREAM_CONNECT_MS, UPSTREAM_UNREAD_BYTES_MAX } from "@/lib/upstream-limits";
import { assert } from "@/lib/util/assert";
import { outboundDispatcher } from "@/lib/util/outbound-proxy";

/**
 * Requests to the servers behind workers. Node's fetch lays a web stream over the body on its way out and several
 * more between the socket and who reads, each with promises of its own; without them the time between a request's
 * arrival and the wait for its answer is less than half (record 62). What came in together is read together. No
 * redirection is followed: headers with keys would go along.
 */

export type UpstreamRequest = {
  method?: "GET" | "POST";
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
  /** Ends the request and whoever reads its answer, with its reason. */
  signal: AbortSignal;
};

/** Bytes as they come in. */
export type ByteSource = {
  /** All that has come since the last time; undefined at the end. Rejects with the signal's reason, or with what broke. */
  read(): Promise<Uint8Array | undefined>;
  /** Nothing more is wanted: the connection is closed, so that the server stops working for nobody. */
  cancel(): void;
};

/** An answer, from its head on. */
export type UpstreamReply = ByteSource & { status: number; statusText: string; headers: Headers };

let known: Dispatcher | undefined;

/**
 * Made at the first request: a proxy that is set wrongly is told by the worker's program before. Nobody else waits for
 * these connections; how long a server may be silent is the caller's to say.
 */
function agent(): Dispatcher {
  known ??= outboundDispatcher(readVariable, {
    connect: { timeout: UPSTREAM_CONNECT_MS },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return known;
}

/**
 * What a server is told of who asks. Unpacking takes time and holds back what was packed together: pieces of an
 * answer are to come as they are.
 */
const OWN_HEADERS = { accept: "*/*", "accept-encoding": "identity", "user-agent": "Parley" };

/** What a library says in fetch's words; of bodies it has texts alone. */
export function toUpstreamRequest({
  method,
  headers,
  body,
}: Pick<RequestInit, "method" | "headers" | "body">): Omit<UpstreamRequest, "signal"> {
  assert(body == null || typeof body === "string", "what an upstream is asked is a text");
  return {
    method: method === "POST" ? "POST" : "GET",
    headers: Object.fromEntries(new Headers(headers)),
    ...(body != null && { body }),
  };
}

/** Resolves with the head of the answer. @throws the signal's reason, or what undici says of the connection. */
export async function askUpstream(url: string, request: UpstreamRequest): Promise<UpstreamReply> {
  const { method = "GET", headers, body = null, signal } = request;
  signal.throwIfAborted();
  const { origin, pathname, search } = new URL(url);
  const exchange = new DispatchedExchange(signal);
  agent().dispatch(
    {
      ...{ origin, path: pathname + search, method, body },
      headers: { ...OWN_HEADERS, ...headers },
    },
    exchange,
  );
  return unpack(await exchange.head);
}

/** Some pack all the same; what is packed in another way is left to its reader to refuse. */
function unpack(reply: UpstreamReply): UpstreamReply {
  const packing = reply.headers.get("content-encoding")?.toLowerCase();
  if (packing !== "gzip" && packing !== "x-gzip" && packing !== "deflate") return reply;
  const format = packing === "deflate" ? "deflate" : "gzip";
  // Takes bytes of any kind; the types of the DOM want to hear of one.
  const unpacking = new DecompressionStream(format) as ReadableWritablePair<Uint8Array, Uint8Array>;
  const reader = toByteStream(reply).pipeThrough(unpacking).getReader();
  const { status, statusText, headers } = reply;
  headers.delete("content-encoding");
  headers.delete("content-length");
  return {
    ...{ status, statusText, headers },
    read: async () => (await reader.read()).value,
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}

/** The same for who takes streams alone; read when it is asked for, and not before. */
export function toByteStream(source: ByteSource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const bytes = await source.read();
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  );
}

class DispatchedExchange implements Dispatcher.DispatchHandler, ByteSource {
  readonly head: Promise<UpstreamReply>;
  readonly #signal: AbortSignal;
  #settleHead!: { resolve(reply: UpstreamReply): void; reject(error: unknown): void };
  #controller: Dispatcher.DispatchController | undefined;
  /** Come in and not read yet. */
  #pieces: Uint8Array[] = [];
  #unreadBytes = 0;
  /** Wakes who waits for more. */
  #wake: (() => void) | undefined;
  /** Nothing comes any more, and why where that is no end. */
  #end: { error?: unknown } | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.head = new Promise((resolve, reject) => {
      this.#settleHead = { resolve, reject };
    });
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#pieces.length === 0 && this.#end === undefined) {
      // Goes on when the socket's reading is over: what came with the first piece is there by then.
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    if (this.#pieces.length > 0) return this.#take();
    if (this.#end !== undefined && "error" in this.#end) throw this.#end.error;
    return undefined;
  }

  cancel(): void {
    if (this.#end !== undefined) return;
    this.#leave(new Error("The rest of the answer is not wanted."));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was left while it waited for its connection.
    if (this.#end !== undefined) controller.abort(new Error("The request is not wanted any more."));
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    fields: Record<string, string | string[] | undefined>,
    statusText = "",
  ): void {
    // Word that an answer will come, and no answer.
    if (status < 200) return;
    const headers = new Headers();
    for (const [name, value] of Object.entries(fields)) {
      for (const one of [value ?? []].flat()) headers.append(name, one);
    }
    this.#settleHead.resolve({
      ...{ status, statusText, headers },
      read: () => this.read(),
      cancel: () => this.cancel(),
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#pieces.push(bytes);
    this.#unreadBytes += bytes.length;
    this.#wakeReader();
    if (this.#unreadBytes >= UPSTREAM_UNREAD_BYTES_MAX) controller.pause();
  }

  onResponseEnd(): void {
    this.#finish({});
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#finish({ error });
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #take(): Uint8Array {
    const [first, ...rest] = this.#pieces;
    const bytes = first !== undefined && rest.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#unreadBytes = 0;
    this.#controller?.resume();
    return bytes;
  }

  readonly #onAbort = () => {
    this.#leave(this.#signal.reason);
  };

  #finish(end: { error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if ("error" in end) this.#settleHead.reject(end.error);
    this.#wakeReader();
  }

  /** Who left reads nothing more of what has come in. */
  #leave(reason: Error): void {
    this.#pieces = [];
    this.#finish({ error: reason });
    this.#controller?.abort(reason);
  }
}
