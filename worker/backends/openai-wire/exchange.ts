import { AppError } from "@/lib/errors";
import { UPSTREAM_LEFTOVER_MS_MAX } from "@/lib/upstream-limits";
import { askUpstream, type UpstreamReply, type UpstreamRequest } from "../upstream-client";
import { toTransportError } from "../upstream-error";

/**
 * One request to an upstream and its reply: ended by its caller's signal, by silence, or by `close`, each of
 * which closes the connection, so that the server stops working for nobody.
 */
export class Exchange {
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #silence: NodeJS.Timeout;
  #reply: UpstreamReply | undefined;
  #isRead = false;
  contentType = "";

  constructor(signal: AbortSignal, silenceMsMax: number) {
    this.#outer = signal;
    this.#silence = setTimeout(() => this.#abort.abort(silent(silenceMsMax)), silenceMsMax);
    signal.addEventListener("abort", this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
  }

  /** Its reason is why the exchange ended before its time. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves with the head of the reply; its bytes are read here. */
  async open(
    url: string,
    request: Omit<UpstreamRequest, "signal">,
  ): Promise<Pick<UpstreamReply, "status" | "headers">> {
    const reply = await askUpstream(url, { ...request, signal: this.signal });
    this.#reply = reply;
    this.#silence.refresh();
    this.contentType = reply.headers.get("content-type")?.split(";")[0]?.trim() ?? "";
    return reply;
  }

  /** The next bytes; undefined at the end. @throws AppError of upstream-error.ts */
  async read(): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.#reply?.read();
      this.#silence.refresh();
      this.#isRead = bytes === undefined;
      return bytes;
    } catch (error) {
      throw toTransportError(error, this.signal);
    }
  }

  /** All of it as text. @throws AppError also `upstream-invalid` for more than `bytesMax` */
  async readText(bytesMax: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (let piece = await this.read(); piece; piece = await this.read()) {
      size += piece.length;
      if (size > bytesMax) {
        throw new AppError("upstream-invalid", {
          message: `A reply of the server behind this model exceeds ${bytesMax} bytes.`,
        });
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString("utf8");
  }

  /** Lets go of the reply: what is not read yet is wanted no more. */
  close(): void {
    this.#release();
    if (!this.#isRead) this.#abort.abort(new AppError("client-closed", { message: "Let go." }));
  }

  /**
   * Lets go of a reply of which nothing more is expected: its last bytes are read within a moment, so that the
   * connection can be used again.
   */
  settle(): void {
    if (this.#isRead) {
      this.close();
      return;
    }
    const late = setTimeout(() => this.close(), UPSTREAM_LEFTOVER_MS_MAX);
    const leftover = async () => {
      while (await this.read());
    };
    leftover()
      // Nobody waits for these bytes, and a connection that broke is no use anyway.
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(late);
        this.close();
      });
  }

  readonly #onAbort = () => this.#abort.abort(this.#outer.reason);

  #release(): void {
    clearTimeout(this.#silence);
    this.#outer.removeEventListener("abort", this.#onAbort);
  }
}

function silent(ms: number): AppError {
  const message = `The server behind this model was silent for ${ms / 1_000} s.`;
  return new AppError("timeout", { message });
}
