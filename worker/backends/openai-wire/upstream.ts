import type * as z from "zod";
import { AppError } from "@/lib/errors";
import {
  UPSTREAM_AFTERWORD_MS_MAX,
  UPSTREAM_ERROR_BYTES_MAX,
  UPSTREAM_LOOK_MS_MAX,
  UPSTREAM_REPLY_BYTES_MAX,
  UPSTREAM_SILENCE_MS_MAX,
} from "@/lib/upstream-limits";
import { chainHeaders } from "../../request-chain";
import type { UpstreamReply } from "../upstream-client";
import { toTransportError, toUpstreamError, type UpstreamAbout } from "../upstream-error";
import { readWait } from "../upstream-wait";
import { Concessions } from "./concessions";
import { Exchange } from "./exchange";
import type { WireCall } from "./request-body";

export type UpstreamOptions = {
  /** Up to and with `/v1`, where there is one; without a last slash. */
  baseUrl: string;
  /** Sent with every request; their values are told to nobody else. */
  headers: Readonly<Record<string, string>>;
  /** Silence after which it is given up, for tests that cannot wait. */
  silenceMsMax?: number;
  /** What follows the end of an answer is waited for so long, for the same. */
  afterwordMsMax?: number;
};

export type UpstreamCall = { signal: AbortSignal; about: UpstreamAbout };

/** Nothing of a model. */
const OF_NO_MODEL: UpstreamAbout = { model: "" };

/** A server of OpenAI's wire: requests to it, with their limits, and what they fail with. */
export class Upstream {
  readonly baseUrl: string;
  readonly afterwordMsMax: number;
  readonly #concessions = new Concessions();
  readonly #headers: Readonly<Record<string, string>>;
  readonly #silenceMsMax: number;

  constructor(options: UpstreamOptions) {
    this.baseUrl = options.baseUrl;
    this.afterwordMsMax = options.afterwordMsMax ?? UPSTREAM_AFTERWORD_MS_MAX;
    this.#headers = options.headers;
    this.#silenceMsMax = options.silenceMsMax ?? UPSTREAM_SILENCE_MS_MAX;
  }

  /** Where the server keeps what is no part of OpenAI's wire: above `/v1`. */
  get rootUrl(): string {
    return this.baseUrl.replace(/\/v\d+$/, "");
  }

  /**
   * Posts JSON to a path below the base URL; an absolute URL is taken as it is. Resolves with the head of a 200.
   *
   * @throws AppError of upstream-error.ts, the signal's own reason, or `client-closed`.
   */
  async post(path: string, body: object, call: UpstreamCall): Promise<Exchange> {
    const exchange = new Exchange(call.signal, this.#silenceMsMax);
    try {
      const response = await exchange.open(this.#toUrl(path), {
        method: "POST",
        headers: {
          ...{ ...this.#headers, ...chainHeaders(call.signal) },
          "content-type": "application/json",
        },
        body: JSON.stringify(body),
      });
      if (response.status === 200) return exchange;
      throw await this.#toRefusal(response, exchange, call.about);
    } catch (error) {
      const told = toTransportError(error, exchange.signal);
      exchange.close();
      throw told;
    }
  }

  /** The same of a request to write, said as the model that `body` names has wanted it before, and says that it wants it. */
  async postCall({ path, body }: WireCall, call: UpstreamCall): Promise<Exchange> {
    const model = String(body.model);
    for (;;) {
      const its = this.#concessions.apply(model, body);
      try {
        return await this.post(path, its, call);
      } catch (error) {
        if (!this.#concessions.learn(model, its, error)) throw error;
      }
    }
  }

  /** What is known of the server is true no more. */
  forget(): void {
    this.#concessions.clear();
  }

  /** Posts, and reads the reply as a whole. Throws as `post`, and `upstream-invalid` for another reply. */
  async postWhole<T>(
    path: string,
    body: object,
    { schema, ...call }: UpstreamCall & { schema: z.ZodType<T> },
  ): Promise<T> {
    const exchange = await this.post(path, body, call);
    try {
      return parse(await exchange.readText(UPSTREAM_REPLY_BYTES_MAX), schema);
    } finally {
      exchange.close();
    }
  }

  /** What the server tells of itself, by GET; within a few seconds. Throws as `postWhole`. */
  async look<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    return parse(await this.lookText(path, signal), schema);
  }

  /** The same of what is no JSON. */
  async lookText(path: string, signal: AbortSignal): Promise<string> {
    const exchange = new Exchange(signal, UPSTREAM_LOOK_MS_MAX);
    try {
      const response = await exchange.open(this.#toUrl(path), { headers: this.#headers });
      if (response.status !== 200) throw await this.#toRefusal(response, exchange, OF_NO_MODEL);
      return await exchange.readText(UPSTREAM_REPLY_BYTES_MAX);
    } catch (error) {
      throw toTransportError(error, exchange.signal);
    } finally {
      exchange.close();
    }
  }

  async #toRefusal(
    response: Pick<UpstreamReply, "status" | "headers">,
    exchange: Exchange,
    about: UpstreamAbout,
  ) {
    const { status, headers } = response;
    // A body that breaks off changes nothing about the refusal.
    const body = await exchange.readText(UPSTREAM_ERROR_BYTES_MAX).catch(() => "");
    const refusal = { status, retryAfter: readWait(headers), body };
    return toUpstreamError(refusal, this.conceal(about));
  }

  /** With what no sentence of the server's may tell a caller: its address, and the values of its headers. */
  conceal(about: UpstreamAbout): UpstreamAbout {
    const values = Object.values(this.#headers).flatMap((it) => [it, it.replace(/^Bearer /, "")]);
    const hidden = [...values, new URL(this.baseUrl).host].filter((it) => it.length > 3);
    return { ...about, hidden };
  }

  #toUrl(path: string): string {
    return path.startsWith("/") ? `${this.baseUrl}${path}` : path;
  }
}

function parse<T>(text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const message = "The server behind this model sent what is not expected.";
    throw new AppError("upstream-invalid", { message, cause });
  }
}
