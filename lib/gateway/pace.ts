/**
 * How many things happen in a second, by those of the last while: each counts for less the longer ago
 * it was, and after `windowMs` for a third of what it was.
 */
export class Pace {
  readonly #windowMs: number;
  #count = 0;
  #firstMs: number | undefined;
  #lastMs = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  note(nowMs: number): void {
    this.#firstMs ??= nowMs;
    this.#count = this.#faded(nowMs) + 1;
    this.#lastMs = nowMs;
  }

  /** Undefined before anything happened. */
  perSecond(nowMs: number): number | undefined {
    if (this.#firstMs === undefined) return undefined;
    // Of a window that has only begun a part is missing.
    const age = Math.max(nowMs - this.#firstMs, this.#windowMs / 100);
    const seenMs = this.#windowMs * (1 - Math.exp(-age / this.#windowMs));
    return this.#faded(nowMs) / (seenMs / 1_000);
  }

  #faded(nowMs: number): number {
    return this.#count * Math.exp(-(nowMs - this.#lastMs) / this.#windowMs);
  }
}
