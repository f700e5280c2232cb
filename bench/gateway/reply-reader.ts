const CR_LF = 2;
const LINE_FEED = 10;

type State = "head" | "length" | "size" | "data" | "gap" | "trailer" | "done";

/**
 * Reads one HTTP/1.1 answer from a socket's bytes and keeps of its body only how many line feeds it has. A
 * generator of load shares the machine with what it loads, and Node's own client takes several times as
 * long.
 */
export class ReplyReader {
  status = 0;
  /** Of the body. */
  lineFeeds = 0;
  bodyBytes = 0;
  #state: State = "head";
  #words = "";
  /** Bytes of the body, or of the chunk, that are to come. */
  #left = 0;

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** @throws Error where the bytes are no answer that this reads. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && this.#state !== "done") at = this.#step(bytes, at);
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, at);
      case "length":
      case "data":
        return this.#readBody(bytes, at);
      case "size":
        return this.#readLine(bytes, at, (line) => {
          this.#left = Number.parseInt(line, 16);
          if (Number.isNaN(this.#left)) throw new Error(`"${line}" is no chunk's size.`);
          this.#state = this.#left === 0 ? "trailer" : "data";
        });
      case "gap":
        return this.#readLine(bytes, at, () => {
          this.#state = "size";
        });
      default:
        return this.#readLine(bytes, at, (line) => {
          if (line === "") this.#state = "done";
        });
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const known = this.#words.length;
    this.#words += bytes.toString("latin1", at);
    const end = this.#words.indexOf("\r\n\r\n");
    if (end === -1) return bytes.length;
    const head = this.#words.slice(0, end).toLowerCase();
    this.#words = "";
    this.status = Number(head.split(" ", 2)[1]);
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length !== undefined) {
      this.#left = Number(length);
      this.#state = this.#left === 0 ? "done" : "length";
    } else if (/\r\ntransfer-encoding: *chunked/.test(head)) this.#state = "size";
    else throw new Error("The answer says nothing of its length.");
    return at + end + 4 - known;
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    for (let found = bytes.indexOf(LINE_FEED, at); found !== -1 && found < end; ) {
      this.lineFeeds += 1;
      found = bytes.indexOf(LINE_FEED, found + 1);
    }
    this.bodyBytes += end - at;
    this.#left -= end - at;
    if (this.#left === 0) this.#state = this.#state === "data" ? "gap" : "done";
    return end;
  }

  #readLine(bytes: Buffer, at: number, then: (line: string) => void): number {
    const end = bytes.indexOf(LINE_FEED, at);
    this.#words += bytes.toString("latin1", at, end === -1 ? bytes.length : end + 1);
    if (end === -1) return bytes.length;
    const line = this.#words.slice(0, -CR_LF);
    this.#words = "";
    then(line);
    return end + 1;
  }
}
