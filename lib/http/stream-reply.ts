import { StreamNote } from "@/lib/protocol/stream-note";
import { assert } from "@/lib/util/assert";
import { toJsonLine } from "@/lib/util/json-lines";
import { EventStream, type StreamEnd, type StreamForm } from "./event-stream";
import { lightResponse, sourceOf } from "./light-response";

/** When and how the stream of `response` ended; undefined for a body that is no stream of ours. */
export function streamEnd(response: Response): Promise<StreamEnd> | undefined {
  const source = sourceOf(response);
  return typeof source === "object" && source !== null ? source.end : undefined;
}

/** Events as JSON lines (`application/x-ndjson`). */
export function jsonLinesReply(events: AsyncIterable<unknown>, init?: ResponseInit): Response {
  return streamReply(events, JSON_LINES, init);
}

/** Values as server-sent events, one `data:` line each; a string goes out as it stands (OpenAI's `[DONE]`). */
export function serverSentEventsReply(
  events: AsyncIterable<unknown>,
  init?: ResponseInit,
): Response {
  return streamReply(events, SERVER_SENT_EVENTS, init);
}

/**
 * Events as server-sent events that bear their type as their name, which Anthropic's clients go by. What
 * keeps the stream alive is its event `ping`.
 */
export function namedEventsReply(
  events: AsyncIterable<{ type: string }>,
  init?: ResponseInit,
): Response {
  return streamReply(events, NAMED_EVENTS, init);
}

/** Events that bear their type as their name, as OpenAI's Responses API has them; a comment keeps the stream alive. */
export function typedEventsReply(
  events: AsyncIterable<{ type: string }>,
  init?: ResponseInit,
): Response {
  return streamReply(events, TYPED_EVENTS, init);
}

/** Text that comes in pieces, between any two of which a line break means nothing, as in JSON. */
export function piecesReply(pieces: AsyncIterable<string>, init?: ResponseInit): Response {
  return streamReply(pieces, PIECES, init);
}

const PIECES: StreamForm<string> = {
  contentType: "text/plain; charset=utf-8",
  encode: (piece) => piece,
  keepAlive: "\n",
};

const JSON_LINES: StreamForm<unknown> = {
  contentType: "application/x-ndjson; charset=utf-8",
  encode: toJsonLine,
  keepAlive: "\n",
};

const SERVER_SENT_EVENTS: StreamForm<unknown> = {
  contentType: "text/event-stream; charset=utf-8",
  encode: toServerSentEvent,
  keepAlive: ": keep-alive\n\n",
};

const NAMED_EVENTS: StreamForm<{ type: string }> = {
  contentType: SERVER_SENT_EVENTS.contentType,
  encode: toNamedEvent,
  keepAlive: toNamedEvent({ type: "ping" }),
};

const TYPED_EVENTS: StreamForm<{ type: string }> = {
  ...NAMED_EVENTS,
  keepAlive: SERVER_SENT_EVENTS.keepAlive,
};

function toNamedEvent(event: { type: string }): string {
  if (event instanceof StreamNote) return toComment(event);
  return `event: ${event.type}\n${toServerSentEvent(event)}`;
}

function toComment({ text }: StreamNote): string {
  return `: ${text}\n\n`;
}

function toServerSentEvent(value: unknown): string {
  if (value instanceof StreamNote) return toComment(value);
  const data = typeof value === "string" ? value : JSON.stringify(value);
  assert(!data.includes("\n"), "a server-sent event is one line");
  return `data: ${data}\n\n`;
}

function streamReply<Event>(
  events: AsyncIterable<Event>,
  form: StreamForm<Event>,
  init?: ResponseInit,
): Response {
  const response = lightResponse(new EventStream(events, form), init);
  response.headers.set("content-type", form.contentType);
  // `no-transform` and `x-accel-buffering` keep proxies from holding tokens back.
  response.headers.set("cache-control", "no-cache, no-transform");
  response.headers.set("x-accel-buffering", "no");
  return response;
}
