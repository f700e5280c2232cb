import type { JSONObject } from "@ai-sdk/provider";
import * as z from "zod";
import { AppError } from "@/lib/errors";
import { UPSTREAM_ERROR_BYTES_MAX } from "@/lib/upstream-limits";
import { assert } from "@/lib/util/assert";
import { chainHeaders } from "../../request-chain";
import { LineWatch } from "../line-watch";
import {
  askUpstream,
  type ByteSource,
  toByteStream,
  toUpstreamRequest,
  type UpstreamReply,
} from "../upstream-client";
import { toUpstreamError, type UpstreamAbout } from "../upstream-error";
import { readWait } from "../upstream-wait";
import { MendedBytes, type StreamMender } from "./mended-stream";

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
  const { signal } = init;
  assert(signal, "a call is found by its signal");
  const reply = await askUpstream(url, { ...toUpstreamRequest(whole), signal });
  call.onBytes();
  if (reply.status < 200 || reply.status > 299) throw await toRefusal(reply, call.about);
  try {
    expectType({ url, headers: reply.headers }, whole.body);
  } catch (error) {
    reply.cancel();
    throw error;
  }
  const { status, statusText, headers: told } = reply;
  return new Response(toByteStream(watch(reply, call)), { status, statusText, headers: told });
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
export function expectType(
  { url, headers }: { url: string; headers: Headers },
  body: RequestInit["body"],
): void {
  const type = headers.get("content-type") ?? "";
  if (STREAMS.test(type)) return;
  if (WHOLE.test(type) && !asksForStream(url, body)) return;
  throw new AppError("upstream-invalid", {
    message: "The server behind this model answered in a form that is not its own.",
    cause: new Error(`The upstream answered with content type "${type.slice(0, 100)}".`),
  });
}

function asksForStream(url: string, body: RequestInit["body"]): boolean {
  if (/stream/i.test(new URL(url).pathname)) return true;
  return typeof body === "string" && /"stream":\s*true/.test(body);
}

function watch(reply: UpstreamReply, call: UpstreamCall): ByteSource {
  // Amazon's messages say how long they are, and hold no lines.
  const hasLines = /^text\//i.test(reply.headers.get("content-type") ?? "");
  const lines = new LineWatch();
  const watched: ByteSource = {
    read: async () => {
      const bytes = await reply.read();
      call.onBytes();
      if (hasLines && bytes !== undefined) lines.see(bytes);
      return bytes;
    },
    cancel: () => reply.cancel(),
  };
  return call.mender && hasLines ? new MendedBytes(watched, call.mender) : watched;
}

async function toRefusal(reply: UpstreamReply, about: UpstreamAbout): Promise<AppError> {
  const { status, headers } = reply;
  const body = await readSome(reply);
  const google = readGoogle(body);
  const isKey = google.reasons.includes("API_KEY_INVALID");
  const retryAfter = readWait(headers) ?? google.retryAfter;
  return toUpstreamError({ status: isKey ? 401 : status, retryAfter, body }, about);
}

/** The beginning of an error's body, and empty where its connection breaks: the status says enough. */
async function readSome(reply: UpstreamReply): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for (let bytes = await reply.read(); bytes; bytes = await reply.read()) {
      size += bytes.length;
      text += decoder.decode(bytes, { stream: true });
      if (size <= UPSTREAM_ERROR_BYTES_MAX) continue;
      reply.cancel();
      break;
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
