import { AppError } from "@/lib/errors";

export type ServerSentEvent = { event: string; data: string };

/** Fields of the standard, and `error`, by which some servers tell what went wrong in the middle of a stream. */
const FIELDS = new Set(["data", "event", "id", "retry", "error"]);

/**
 * Server-sent events out of the bytes of a stream, however they are cut (WHATWG HTML, "Server-sent events").
 * Two things are other than there: an event that the end of the stream cuts short of its blank line is told,
 * since some servers leave that out, and a line that is of no event's form is an error and not passed over.
 */
export class ServerSentEventReader {
  readonly #eventBytesMax: number;
  readonly #decoder = new TextDecoder("utf-8");
  /** The beginning of a line. */
  #rest = "";
  /** A carriage return was the last character: a line feed after it belongs to it. */
  #endsInReturn = false;
  #data: string[] = [];
  #size = 0;
  #event = "";

  constructor(eventBytesMax: number) {
    this.#eventBytesMax = eventBytesMax;
  }

  /** The events that are whole with these bytes. @throws AppError `upstream-invalid` */
  push(bytes: Uint8Array): ServerSentEvent[] {
    return this.#read(this.#decoder.decode(bytes, { stream: true }), false);
  }

  /** What the end of the stream completes. @throws AppError `upstream-invalid` */
  end(): ServerSentEvent[] {
    return this.#read(this.#decoder.decode(), true);
  }

  #read(added: string, isLast: boolean): ServerSentEvent[] {
    let text = added;
    if (this.#endsInReturn && text !== "") {
      this.#endsInReturn = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    const events: ServerSentEvent[] = [];
    let from = 0;
    for (let at = findEnd(text, 0); at !== -1; at = findEnd(text, from)) {
      const line = this.#rest + text.slice(from, at);
      this.#rest = "";
      from = at + 1;
      if (text[at] === "\r") {
        if (from === text.length) this.#endsInReturn = true;
        else if (text[from] === "\n") from++;
      }
      this.#take(line, events);
    }
    this.#rest += text.slice(from);
    if (this.#rest.length + this.#size > this.#eventBytesMax) throw this.#tooLong();
    if (!isLast) return events;
    if (this.#rest !== "") this.#take(this.#rest, events);
    this.#rest = "";
    this.#take("", events);
    return events;
  }

  #take(line: string, events: ServerSentEvent[]): void {
    if (line === "") {
      if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.join("\n") });
      this.#data = [];
      this.#size = 0;
      this.#event = "";
      return;
    }
    if (line.startsWith(":")) return;
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    if (!FIELDS.has(field)) {
      throw new AppError("upstream-invalid", { message: "A line is no server-sent event." });
    }
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#event = value;
    if (field === "error") this.#event = "error";
    if (field !== "data" && field !== "error") return;
    this.#data.push(value);
    this.#size += value.length;
    if (this.#size > this.#eventBytesMax) throw this.#tooLong();
  }

  #tooLong(): AppError {
    return new AppError("upstream-invalid", {
      message: `A server-sent event exceeds ${this.#eventBytesMax} bytes.`,
    });
  }
}

/** Of the line that holds `from`; -1 where it has none yet. */
function findEnd(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const back = text.indexOf("\r", from);
  if (back === -1) return feed;
  return feed === -1 ? back : Math.min(feed, back);
}
