/**
 * Values pushed by one side and read with `for await` by the other, in order. It holds whatever its
 * reader has not taken, so the writer must be bounded by something else (a generation is, by its
 * context).
 */
export class AsyncQueue<T extends NonNullable<unknown>> implements AsyncIterable<T> {
  readonly #values: T[] = [];
  #closed = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Ignored once closed: what comes after an abort has no reader. */
  push(value: T): void {
    if (this.#closed) return;
    this.#values.push(value);
    this.#wakeReader();
  }

  /** Ends the reading once everything pushed before was read. */
  end(): void {
    this.#closed = true;
    this.#wakeReader();
  }

  /** Ends the reading at once; what was pushed and not read is dropped. */
  discard(): void {
    this.#values.length = 0;
    this.end();
  }

  /** Like `end`, but the reading then throws `error`. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      for (let value = this.#values.shift(); value !== undefined; value = this.#values.shift()) {
        yield value;
      }
      if (this.#closed) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
