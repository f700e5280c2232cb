import { UPSTREAM_AFTERWORD_MS_MAX, UPSTREAM_EVENT_BYTES_MAX } from "@/lib/upstream-limits";
import { type ServerSentEvent, ServerSentEventReader } from "@/lib/util/server-sent-events";
import type { ByteSource } from "../upstream-client";

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

/** Bytes as `mender` has them, those of all events that came together at once. */
export class MendedBytes implements ByteSource {
  readonly #source: ByteSource;
  readonly #mender: StreamMender;
  readonly #events = new ServerSentEventReader(UPSTREAM_EVENT_BYTES_MAX);
  #late: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Told after what came before it. */
  #failure: { error: unknown } | undefined;

  constructor(source: ByteSource, mender: StreamMender) {
    this.#source = source;
    this.#mender = mender;
  }

  /** @throws AppError also what an event tells of. */
  async read(): Promise<Uint8Array | undefined> {
    try {
      while (!this.#isOver) {
        if (this.#failure) throw this.#failure.error;
        const bytes = await this.#readNext();
        this.#isOver = bytes === undefined;
        const text = this.#mend(bytes ? this.#events.push(bytes) : this.#events.end());
        if (this.#mender.isEnded && !this.#isOver) {
          this.#late ??= setTimeout(() => this.#source.cancel(), UPSTREAM_AFTERWORD_MS_MAX);
        }
        if (text !== "") return Buffer.from(text);
      }
    } catch (error) {
      this.cancel();
      throw error;
    }
    clearTimeout(this.#late);
    if (this.#failure) throw this.#failure.error;
    return undefined;
  }

  cancel(): void {
    this.#isOver = true;
    clearTimeout(this.#late);
    this.#source.cancel();
  }

  #mend(events: readonly ServerSentEvent[]): string {
    let text = "";
    try {
      for (const event of events) {
        // Some keep a connection alive by events of nothing.
        const data = event.data.trim() === "" ? undefined : this.#mender.read(event);
        if (data !== undefined) text += `data: ${data}\n\n`;
      }
    } catch (error) {
      if (text === "") throw error;
      this.#failure = { error };
    }
    return text;
  }

  /** After the end of an answer it is whole, whatever becomes of the connection. */
  async #readNext(): Promise<Uint8Array | undefined> {
    try {
      return await this.#source.read();
    } catch (error) {
      if (this.#mender.isEnded) return undefined;
      throw error;
    }
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
