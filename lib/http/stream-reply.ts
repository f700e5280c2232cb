import { STREAM_KEEP_ALIVE_MS } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { toJsonLine } from "@/lib/util/json-lines";

/** How a streamed body ended: to its last event, by a reader that left, or by an error of its source. */
export type StreamEnd = "complete" | "cancelled" | "failed";

const ends = new WeakMap<Response, Promise<StreamEnd>>();

/** When and how the stream of `response` ended; undefined for a body that is no stream of ours. */
export function streamEnd(response: Response): Promise<StreamEnd> | undefined {
  return ends.get(response);
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

type StreamForm<Event> = {
  contentType: string;
  encode: (value: Event) => string;
  /** What readers of this form skip. */
  keepAlive: string;
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
  return `event: ${event.type}\n${toServerSentEvent(event)}`;
}

function toServerSentEvent(value: unknown): string {
  const data = typeof value === "string" ? value : JSON.stringify(value);
  assert(!data.includes("\n"), "a server-sent event is one line");
  return `data: ${data}\n\n`;
}

/**
 * The reader sets the pace: an event is asked for when the last one was taken. A reader that leaves
 * closes the iterator, so that the work behind it stops. What can go wrong mid-stream is an event of
 * the source's own; an exception here is a bug and breaks the body off, which clients see as such.
 * While a source is silent, bytes without a meaning keep what lies between from taking it for dead.
 */
function streamReply<Event>(
  events: AsyncIterable<Event>,
  { contentType, encode, keepAlive }: StreamForm<Event>,
  init?: ResponseInit,
): Response {
  const iterator = events[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let settle: (end: StreamEnd) => void = () => {};
  const end = new Promise<StreamEnd>((resolve) => {
    settle = resolve;
  });
  let next: Promise<IteratorResult<Event>> | undefined;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        next ??= iterator.next();
        const result = await within(next, STREAM_KEEP_ALIVE_MS);
        if (result === undefined) {
          controller.enqueue(encoder.encode(keepAlive));
          return;
        }
        next = undefined;
        const { done, value } = result;
        if (done) {
          controller.close();
          settle("complete");
        } else controller.enqueue(encoder.encode(encode(value)));
      } catch (error) {
        settle("failed");
        controller.error(error);
      }
    },
    async cancel() {
      // First: a generator that waits for its next event cannot be closed before the wait is aborted.
      settle("cancelled");
      await iterator.return?.();
    },
  });
  const headers = new Headers(init?.headers);
  headers.set("content-type", contentType);
  // `no-transform` and `x-accel-buffering` keep proxies from holding tokens back.
  headers.set("cache-control", "no-cache, no-transform");
  headers.set("x-accel-buffering", "no");
  const response = new Response(body, { ...init, headers });
  ends.set(response, end);
  return response;
}

/** What `work` gives, or undefined when it takes longer than `ms`; it goes on all the same. */
function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    // A rejection after the time is up is met again by the next call with the same promise.
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
