import type { IncomingMessage, ServerResponse } from "node:http";
import { REFUSED_BODY_MS_MAX } from "@/lib/limits";
import { untilRoom } from "./event-stream";
import { toNodeHeaders } from "./light-headers";
import { sourceOf } from "./light-response";
import { SECURITY_HEADERS } from "./security-headers";

type Exchange = { incoming: IncomingMessage; outgoing: ServerResponse };

/** Writes an answer to its socket: what was made here as it is, any other by its stream. */
export async function writeAnswer(response: Response, exchange: Exchange): Promise<void> {
  const { incoming, outgoing } = exchange;
  const source = sourceOf(response);
  // Asked for, the body of one of ours would be made a stream of.
  const body = source === undefined ? response.body : null;
  if (outgoing.destroyed) {
    if (typeof source === "object") await source?.cancel();
    await body?.cancel();
    return;
  }
  refuseRest(exchange);
  const { status } = response;
  const own = toNodeHeaders(response.headers);
  if (typeof source === "string") {
    // A field before the spreads, not after: V8 of Node 20 makes of that another, slower kind of object.
    const whole = { "content-length": Buffer.byteLength(source), ...SECURITY_HEADERS, ...own };
    outgoing.writeHead(status, whole);
    outgoing.end(source);
    return;
  }
  const stream = source ?? body;
  const headers = { ...SECURITY_HEADERS, ...own };
  if (stream === null) {
    const hasNoBody = status === 204 || status === 304;
    outgoing.writeHead(status, hasNoBody ? headers : { ...headers, "content-length": 0 }).end();
    return;
  }
  outgoing.writeHead(status, headers);
  if (incoming.method === "HEAD") {
    outgoing.end();
    await stream.cancel();
  } else if (source) await source.writeTo(outgoing);
  else if (body) await pump(body, outgoing);
}

/** A stream that is not of ours. */
async function pump(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  const onClose = () => void reader.cancel().catch(() => undefined);
  outgoing.once("close", onClose);
  // What is kept for a reader who asks for it later is no reason to hold the head back.
  outgoing.flushHeaders();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || outgoing.destroyed) break;
      if (outgoing.write(value)) continue;
      await untilRoom(outgoing);
    }
    outgoing.off("close", onClose);
    outgoing.end();
  } catch {
    // The body broke off, and its reader sees so.
    outgoing.destroy();
  }
}

/**
 * A body that was not read to its end, since the request was refused, is no beginning of a next request:
 * the connection ends with the answer. What is still sent is read for a moment, since a socket that is
 * closed over unread bytes is reset and takes the answer along.
 */
function refuseRest({ incoming, outgoing }: Exchange): void {
  const { "content-length": length = "0", "transfer-encoding": encoding } = incoming.headers;
  if (incoming.complete || (length === "0" && encoding === undefined)) return;
  outgoing.setHeader("connection", "close");
  incoming.on("error", () => undefined);
  outgoing.once("finish", () => {
    incoming.resume();
    setTimeout(() => incoming.destroy(), REFUSED_BODY_MS_MAX).unref();
  });
}
