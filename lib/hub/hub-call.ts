import { AppError } from "@/lib/errors";
import {
  HUB_CALL_ATTEMPTS_MAX,
  HUB_CALL_MS_MAX,
  HUB_REPLY_BYTES_MAX,
  HUB_RETRY_AFTER_MS_MAX,
  HUB_RETRY_MS,
} from "@/lib/hub-limits";
import { type BackoffOptions, backoffMs } from "@/lib/util/backoff";
import { wait } from "@/lib/util/wait";
import { isConnectionLost } from "./connection-fault";
import { readRetryAfterMs } from "./retry-after";

export type HubCall = {
  url: string;
  /** The hub's base: another origin than its own gets none of `secrets`. */
  hubUrl: string;
  headers?: Record<string, string>;
  /** Headers with a token. */
  secrets: Record<string, string>;
  signal: AbortSignal;
  retry?: BackoffOptions | undefined;
};

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks a hub about a model. What may pass, such as a status of 5xx, 429 or a connection that breaks, is asked again
 * after what the hub says or a growing pause. The body has been read, and is no longer than a list is.
 *
 * @throws AppError `upstream-invalid` for an answer that is too long; whatever `fetch` throws.
 */
export async function callHub(call: HubCall): Promise<Response> {
  const { url, hubUrl, headers, secrets, signal, retry = HUB_RETRY_MS } = call;
  const isOwn = new URL(url).origin === new URL(hubUrl).origin;
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt >= HUB_CALL_ATTEMPTS_MAX;
    let pauseMs = backoffMs(attempt - 1, retry);
    try {
      const reply = await fetch(url, {
        headers: { ...headers, ...(isOwn && secrets) },
        signal: AbortSignal.any([signal, AbortSignal.timeout(HUB_CALL_MS_MAX)]),
      });
      const askedMs = readRetryAfterMs(reply.headers) ?? 0;
      if (isLast || !PASSING.has(reply.status) || askedMs > HUB_RETRY_AFTER_MS_MAX) {
        return new Response(await readText(reply), reply);
      }
      await reply.body?.cancel();
      pauseMs = Math.max(pauseMs, askedMs);
    } catch (error) {
      if (isLast || signal.aborted || !isConnectionLost(error)) throw error;
    }
    await wait(pauseMs, signal);
  }
}

async function readText(reply: Response): Promise<string> {
  if (reply.body === null) return "";
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const piece of reply.body) {
    bytes += piece.length;
    if (bytes > HUB_REPLY_BYTES_MAX) {
      throw new AppError("upstream-invalid", {
        message: `The hub told more than ${HUB_REPLY_BYTES_MAX / 1024 ** 2} MiB of a model, which no list of files is.`,
      });
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
