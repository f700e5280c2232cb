import { AppError } from "@/lib/errors";
import { HOST_LOADING_MS_MAX, HOST_LOADING_POLL_MS } from "@/lib/hub-limits";
import {
  UPSTREAM_ERROR_BYTES_MAX,
  UPSTREAM_LOOK_MS_MAX,
  UPSTREAM_REPLY_BYTES_MAX,
} from "@/lib/upstream-limits";
import { backoffMs } from "@/lib/util/backoff";
import { wait } from "@/lib/util/wait";
import { expectType } from "../external/upstream-fetch";
import { LineWatch } from "../line-watch";
import { Exchange } from "../openai-wire/exchange";
import { toUpstreamRequest } from "../upstream-client";
import {
  toTransportError,
  toUpstreamError,
  type UpstreamAbout,
  type UpstreamRefusal,
  UpstreamRefusedError,
} from "../upstream-error";
import { readWait } from "../upstream-wait";
import { findLoading, type Loading } from "./find-loading";

export type HostCallOptions = {
  signal: AbortSignal;
  about: UpstreamAbout;
  silenceMsMax: number;
  /** See `findLoading`. */
  mayWake: boolean;
  /** Where the library's address of the hub or its router is, if it is elsewhere. */
  toUrl(url: string): string;
  /** Told each time that the host says so, and once (undefined) when it answers or nobody waits any more. */
  onLoading(loading: Loading | undefined): void;
};

/**
 * One question to a host, between the library and the network. Refusals become errors of ours before the library
 * words them, with what was asked in them; the stream is watched as it comes in; and a model that has to be
 * loaded is waited for.
 */
export class HostCall {
  readonly #options: HostCallOptions;
  #exchange: Exchange | undefined;

  constructor(options: HostCallOptions) {
    this.#options = options;
  }

  /** Why the call ended before its time. */
  get signal(): AbortSignal {
    return this.#exchange?.signal ?? this.#options.signal;
  }

  /** What the library is given for `fetch`. */
  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = this.#options.toUrl(input instanceof Request ? input.url : String(input));
    return init.method === "POST" ? await this.#ask(url, init) : await this.#look(url, init);
  };

  /** All was said: the connection may be used again. */
  settle(): void {
    this.#exchange?.settle();
  }

  close(): void {
    this.#exchange?.close();
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    const sinceMs = performance.now();
    let attempt = 0;
    try {
      for (;;) {
        const answer = await this.#askOnce(url, init);
        if (answer instanceof Response) return answer;
        this.#options.onLoading(answer);
        await this.#waitFor(answer, attempt++, sinceMs);
      }
    } finally {
      if (attempt > 0) this.#options.onLoading(undefined);
    }
  }

  /** The answer from its head on, or word that the model is being loaded. */
  async #askOnce(url: string, init: RequestInit): Promise<Response | Loading> {
    const { signal, silenceMsMax, about, mayWake } = this.#options;
    const exchange = new Exchange(signal, silenceMsMax);
    this.#exchange = exchange;
    try {
      const { status, headers } = await exchange.open(url, toUpstreamRequest(init));
      if (status === 200) {
        expectType({ url, headers }, init.body);
        return new Response(toWatched(exchange), { status, headers });
      }
      // A body that breaks off changes nothing about the refusal.
      const body = await exchange.readText(UPSTREAM_ERROR_BYTES_MAX).catch(() => "");
      const refusal = { status, retryAfter: readWait(headers), body };
      const loading = findLoading(refusal, mayWake);
      if (loading === undefined) throw toRefusal(refusal, about);
      exchange.close();
      return loading;
    } catch (error) {
      const told = toTransportError(error, exchange.signal);
      exchange.close();
      throw told;
    }
  }

  /** @throws AppError `timeout` for a host that has loaded for too long, and the signal's reason. */
  async #waitFor({ estimateSeconds }: Loading, attempt: number, sinceMs: number): Promise<void> {
    const leftMs = HOST_LOADING_MS_MAX - (performance.now() - sinceMs);
    if (leftMs <= 0) {
      throw new AppError("timeout", {
        message: `The host of this model has been loading it for ${HOST_LOADING_MS_MAX / 60_000} minutes. Try again later.`,
      });
    }
    const pauseMs = backoffMs(attempt, HOST_LOADING_POLL_MS);
    // A guess that is shorter than the pause is worth a try; one that is longer is often wrong.
    const guessMs = estimateSeconds ? estimateSeconds * 1_000 : Number.POSITIVE_INFINITY;
    const { signal } = this.#options;
    try {
      await wait(Math.min(leftMs, pauseMs, guessMs), signal);
    } catch (error) {
      throw toTransportError(error, signal);
    }
  }

  /** A question to the hub about a model: who serves it. */
  async #look(url: string, { headers }: Pick<RequestInit, "headers">): Promise<Response> {
    const { signal, about } = this.#options;
    const exchange = new Exchange(signal, UPSTREAM_LOOK_MS_MAX);
    try {
      const response = await exchange.open(url, toUpstreamRequest({ headers }));
      const body = await exchange.readText(UPSTREAM_REPLY_BYTES_MAX);
      const { status } = response;
      if (status === 200) return new Response(body, { status, headers: response.headers });
      if (status === 404) throw noModel(about.model, new UpstreamRefusedError(status, "no model"));
      throw toRefusal({ status, retryAfter: readWait(response.headers), body }, about);
    } catch (error) {
      throw toTransportError(error, exchange.signal);
    } finally {
      exchange.close();
    }
  }
}

/** Bytes as they are asked for, so that what is left over can still be read by the exchange itself. */
function toWatched(exchange: Exchange): ReadableStream<Uint8Array> {
  const hasLines = exchange.contentType === "text/event-stream";
  const lines = new LineWatch();
  return new ReadableStream(
    {
      pull: async (controller) => {
        const bytes = await exchange.read();
        if (bytes === undefined) {
          controller.close();
          return;
        }
        if (hasLines) lines.see(bytes);
        controller.enqueue(bytes);
      },
      cancel: () => exchange.close(),
    },
    { highWaterMark: 0 },
  );
}

export function noModel(model: string, cause: Error): AppError {
  const message = `Nobody serves the model "${model}" at Hugging Face at present.`;
  return new AppError("model-not-found", { message, param: "model", cause });
}

const GATED = /gated|restricted|awaiting a review|must (?:have|be granted) access/i;
const PAUSED = /endpoint is (?:paused|in error|not running)/i;

/** What Hugging Face has words of its own for, which nobody but the operator can do something about. */
function toRefusal(refusal: UpstreamRefusal & { body: string }, about: UpstreamAbout): AppError {
  const { status, body } = refusal;
  if ((status === 401 || status === 403) && GATED.test(body)) {
    return new AppError("unavailable", {
      message: "The server behind this model does not let the worker in.",
      cause: new UpstreamRefusedError(
        status,
        "The model is gated: accept its terms at the hub with the account that the token is of.",
      ),
    });
  }
  if (status >= 400 && status < 500 && PAUSED.test(body)) {
    return new AppError("unavailable", {
      message: "The host of this model has paused it.",
      cause: new UpstreamRefusedError(status, "The endpoint is paused: resume it where it is run."),
    });
  }
  if (status >= 300 && status < 400) {
    return toUpstreamError({ status: 502, body: "The address leads elsewhere." }, about);
  }
  return toUpstreamError(refusal, about);
}
