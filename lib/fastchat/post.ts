import { Agent, type Dispatcher } from "undici";
import type * as z from "zod";
import { AppError, isAppError } from "@/lib/errors";
import { FASTCHAT_IDLE_MS_MAX, FASTCHAT_REPLY_BYTES_MAX } from "@/lib/fleet-limits";
import {
  WORKER_CONNECT_TIMEOUT_MS,
  WORKER_CONNECTIONS_MAX,
  WORKER_SILENCE_MS_MAX,
} from "@/lib/limits";
import { readWhole } from "@/lib/protocol/read-whole";
import { fromTransportError, isTransportTimeout } from "@/lib/protocol/transport-error";
import { processSingleton } from "@/lib/util/process-singleton";

export type Post = {
  /** Every call of FastChat's protocol is a POST of JSON; null: a GET, of what its server tells besides. */
  body: object | null;
  signal: AbortSignal;
  /** Until the head of the reply; what waits for a place at the worker waits before it. */
  headMsMax: number;
};

function agent(): Agent {
  return processSingleton(
    "fastchat-agent",
    () =>
      new Agent({
        connections: WORKER_CONNECTIONS_MAX,
        pipelining: 1,
        connect: { timeout: WORKER_CONNECT_TIMEOUT_MS },
        keepAliveTimeout: FASTCHAT_IDLE_MS_MAX,
        keepAliveMaxTimeout: FASTCHAT_IDLE_MS_MAX,
        // The head's limit is kept below by a clock of our own, which also covers a wait for a connection.
        headersTimeout: 0,
        bodyTimeout: WORKER_SILENCE_MS_MAX,
      }),
  );
}

/**
 * Calls a worker and resolves with the head of a 200; its body throws what `toPostError` reads.
 *
 * @throws AppError `worker-lost`, `timeout`, `upstream-invalid`, or for an abort the signal's own or `client-closed`.
 */
export async function post(
  address: string,
  path: string,
  { body, signal, headMsMax }: Post,
): Promise<Dispatcher.ResponseData> {
  const abort = new AbortController();
  // Not AbortSignal.any: on Node 20 a signal made by it is kept for as long as its longest source.
  const onAbort = () => abort.abort(signal.reason);
  const timer = setTimeout(() => abort.abort(silent(headMsMax)), headMsMax);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const { origin, pathname } = new URL(address);
  let reply: Dispatcher.ResponseData;
  try {
    reply = await agent().request({
      ...{ origin, path: `${pathname.replace(/\/$/, "")}${path}` },
      method: body === null ? "GET" : "POST",
      headers: body === null ? {} : { "content-type": "application/json" },
      body: body === null ? null : JSON.stringify(body),
      signal: abort.signal,
    });
  } catch (error) {
    signal.removeEventListener("abort", onAbort);
    throw toPostError(error, abort.signal);
  } finally {
    clearTimeout(timer);
  }
  reply.body.once("close", () => signal.removeEventListener("abort", onAbort));
  // Destroying a body that nobody reads makes undici emit an error; whoever reads is told by the iteration.
  reply.body.on("error", () => undefined);
  if (reply.statusCode === 200) return reply;
  reply.body.destroy();
  throw new AppError("upstream-invalid", {
    message: `The worker answered ${path} with status ${reply.statusCode}.`,
  });
}

/** The reply as a whole. Throws as `post`, and `upstream-invalid` for what does not fit the schema. */
export async function postWhole<T>(
  address: string,
  path: string,
  { schema, ...options }: Post & { schema: z.ZodType<T> },
): Promise<T> {
  const { body } = await post(address, path, options);
  try {
    const whole = await readWhole(body, FASTCHAT_REPLY_BYTES_MAX);
    return schema.parse(JSON.parse(whole.toString("utf8")));
  } catch (error) {
    throw toPostError(error, options.signal);
  }
}

/** What broke while a worker was asked or listened to. */
export function toPostError(error: unknown, signal: AbortSignal): AppError {
  const cause = signal.aborted ? signal.reason : error;
  if (isAppError(cause)) return cause;
  if (signal.aborted) {
    return new AppError("client-closed", { message: "The request was cancelled.", cause });
  }
  if (isTransportTimeout(cause)) {
    return new AppError("timeout", { message: "The worker fell silent.", cause });
  }
  return fromTransportError(cause, "The worker", "worker-lost");
}

function silent(ms: number): AppError {
  return new AppError("timeout", { message: `The worker did not answer within ${ms / 1_000} s.` });
}
