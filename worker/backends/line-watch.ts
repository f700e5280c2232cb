import { AppError } from "@/lib/errors";
import { UPSTREAM_EVENT_BYTES_MAX } from "@/lib/upstream-limits";

const LINE_FEED = 10;

/** Watches a stream of lines that others read: their readers keep a line without an end until memory is full. */
export class LineWatch {
  #sinceLine = 0;

  /** @throws AppError `upstream-invalid` for a line that has become too long. */
  see(bytes: Uint8Array): void {
    const last = bytes.lastIndexOf(LINE_FEED);
    this.#sinceLine = last === -1 ? this.#sinceLine + bytes.length : bytes.length - last - 1;
    if (this.#sinceLine <= UPSTREAM_EVENT_BYTES_MAX) return;
    throw new AppError("upstream-invalid", {
      message: "The server behind this model sent a piece that is too large.",
    });
  }
}
