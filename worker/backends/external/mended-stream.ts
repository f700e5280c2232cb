import { UPSTREAM_AFTERWORD_MS_MAX, UPSTREAM_EVENT_BYTES_MAX } from "@/lib/upstream-limits";
import { type ServerSentEvent, ServerSentEventReader } from "@/lib/util/server-sent-events";

/** What goes through the events of a provider's stream before the SDK's reader does. */
export type StreamMender = {
  /** The answer is whole, whatever becomes of the connection. */
  readonly isEnded: boolean;
  /**
   * The event's data as the SDK is to read it; undefined where it says nothing.
   *
   * @throws AppError that the event tells of.
   */
  read(event: ServerSentEvent): string | undefined;
};

export const DONE = "[DONE]";

/** The stream as `mender` has it; what it throws is the stream's error. */
export function toMendedStream(
  body: ReadableStream<Uint8Array>,
  mender: StreamMender,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const pieces = readPieces(reader, mender);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        await reader.cancel(error).catch(() => undefined);
      }
    },
    cancel: async (reason) => await reader.cancel(reason),
  });
}

async function* readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  mender: StreamMender,
): AsyncGenerator<Uint8Array> {
  const events = new ServerSentEventReader(UPSTREAM_EVENT_BYTES_MAX);
  const encoder = new TextEncoder();
  let late: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const { value: bytes } = await readNext(reader, mender.isEnded);
      for (const event of bytes ? events.push(bytes) : events.end()) {
        // Some keep a connection alive by events of nothing.
        const data = event.data.trim() === "" ? undefined : mender.read(event);
        if (data !== undefined) yield encoder.encode(`data: ${data}\n\n`);
      }
      if (bytes === undefined) return;
      if (mender.isEnded) {
        late ??= setTimeout(
          () => void reader.cancel().catch(() => undefined),
          UPSTREAM_AFTERWORD_MS_MAX,
        );
      }
    }
  } finally {
    clearTimeout(late);
  }
}

async function readNext(reader: ReadableStreamDefaultReader<Uint8Array>, isEnded: boolean) {
  try {
    return await reader.read();
  } catch (error) {
    if (isEnded) return { value: undefined };
    throw error;
  }
}

export type Fields = Record<string, unknown>;

/** Undefined for what is no object. */
export function toFields(value: unknown): Fields | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  // Of an object every field is something.
  return isObject ? (value as Fields) : undefined;
}

/** Undefined for what is no JSON. */
export function parseData(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // Never quoted: it may hold a caller's text.
    return undefined;
  }
}
