import type { JSONObject } from "@ai-sdk/provider";
import * as z from "zod";
import { AppError } from "@/lib/errors";
import { UPSTREAM_ERROR_BYTES_MAX } from "@/lib/upstream-limits";
import { chainHeaders } from "../../request-chain";
import { LineWatch } from "../line-watch";
import { toUpstreamError, type UpstreamAbout } from "../upstream-error";
import { readWait } from "../upstream-wait";
import { type StreamMender, toMendedStream } from "./mended-stream";

/**
 * Between the SDK and the network: what the SDK has no word for goes into the body, refusals become errors of
 * ours before any provider's own parser sees them, and a stream is watched as it comes in. The SDK reads an
 * answer of another type as an empty one, and an event without an end until memory is full.
 */

/** One call of a provider. */
export type UpstreamCall = {
  about: UpstreamAbout;
  /** Merged into the request's body. */
  body: JSONObject;
  /** Bytes have come in. */
  onBytes: () => void;
  /** Of the events of its stream; absent: they go on as they are. */
  mender?: StreamMender | undefined;
  /** Instead of the network, where the SDK is asked what it would say (probe-fields.ts). */
  instead?: (url: string, init: RequestInit) => Response;
};

/** By the signal that the SDK is given and hands on; why not by AsyncLocalStorage says request-chain.ts. */
const CALLS = new WeakMap<AbortSignal, UpstreamCall>();

/** Requests with this signal belong to `call` from now on. */
export function bindUpstreamCall(signal: AbortSignal, call: UpstreamCall): void {
  CALLS.set(signal, call);
}

/** What the SDK is given for `fetch`. */
export const upstreamFetch: typeof fetch = async (input, init = {}) => {
  const call = init.signal ? CALLS.get(init.signal) : undefined;
  // Requests for a token of Google's are none of a model's.
  if (call === undefined) return await fetch(input, init);
  const url = input instanceof Request ? input.url : String(input);
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(chainHeaders(init.signal))) headers.set(name, value);
  const whole = { ...init, headers, ...mergeBody(init.body, call.body) };
  if (call.instead !== undefined) return call.instead(url, whole);
  const response = await fetch(url, { ...whole, redirect: "manual" });
  call.onBytes();
  if (!response.ok) throw await toRefusal(response, call.about);
  expectType(response, whole.body);
  return response.body === null ? response : watchBody(response, response.body, call);
};

function mergeBody(body: RequestInit["body"], more: JSONObject): Pick<RequestInit, "body"> {
  if (Object.keys(more).length === 0 || typeof body !== "string") return {};
  // The SDK has written it from an object a moment ago.
  return { body: JSON.stringify({ ...JSON.parse(body), ...more }) };
}

const STREAMS =
  /^(text\/event-stream|application\/vnd\.amazon\.eventstream|application\/stream\+json)/i;
const WHOLE = /^application\/([\w.-]+\+)?json/i;

/** @throws AppError `upstream-invalid` for a page of somebody in between. */
export function expectType(response: Response, body: RequestInit["body"]): void {
  const type = response.headers.get("content-type") ?? "";
  if (STREAMS.test(type)) return;
  if (WHOLE.test(type) && !asksForStream(response.url, body)) return;
  void response.body?.cancel().catch(() => undefined);
  throw new AppError("upstream-invalid", {
    message: "The server behind this model answered in a form that is not its own.",
    cause: new Error(`The upstream answered with content type "${type.slice(0, 100)}".`),
  });
}

function asksForStream(url: string, body: RequestInit["body"]): boolean {
  if (/stream/i.test(new URL(url).pathname)) return true;
  return typeof body === "string" && /"stream":\s*true/.test(body);
}

function watchBody(response: Response, body: ReadableStream<Uint8Array>, call: UpstreamCall) {
  // Amazon's messages say how long they are, and hold no lines.
  const hasLines = /^text\//i.test(response.headers.get("content-type") ?? "");
  const lines = new LineWatch();
  const watched = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        call.onBytes();
        if (hasLines) lines.see(chunk);
        controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  const told = call.mender && hasLines ? toMendedStream(watched, call.mender) : watched;
  return new Response(told, { status, statusText, headers });
}

async function toRefusal(response: Response, about: UpstreamAbout): Promise<AppError> {
  const { status, headers } = response;
  const body = await readSome(response);
  const google = readGoogle(body);
  const isKey = google.reasons.includes("API_KEY_INVALID");
  const retryAfter = readWait(headers) ?? google.retryAfter;
  return toUpstreamError({ status: isKey ? 401 : status, retryAfter, body }, about);
}

/** The beginning of an error's body, and empty where its connection breaks: the status says enough. */
async function readSome(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    // Node's streams are iterable; the types of the DOM do not know.
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      text += decoder.decode(chunk, { stream: true });
      if (bytes > UPSTREAM_ERROR_BYTES_MAX) break;
    }
  } catch {
    return text;
  }
  return text;
}

/** Google says with 400 that a key is none, and when to come back in the body alone (google.rpc.ErrorInfo, RetryInfo). */
const googleSchema = z.object({
  error: z.object({
    details: z.array(
      z.looseObject({ reason: z.string().optional(), retryDelay: z.string().optional() }),
    ),
  }),
});

function readGoogle(body: string): { reasons: string[]; retryAfter: string | undefined } {
  const none = { reasons: [], retryAfter: undefined };
  if (!body.includes('"details"')) return none;
  try {
    const parsed = googleSchema.safeParse(JSON.parse(body));
    if (!parsed.success) return none;
    const { details } = parsed.data.error;
    const delay = details.find((it) => it.retryDelay !== undefined)?.retryDelay;
    return {
      reasons: details.flatMap((it) => it.reason ?? []),
      retryAfter: delay?.replace(/s$/, ""),
    };
  } catch {
    // Cut at the limit, or no JSON: there is nothing more to learn from it.
    return none;
  }
}
