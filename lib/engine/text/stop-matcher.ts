/** What a push lets through, and the stop string that was completed. */
export type StopMatch = { text: string; stopString?: string };

/**
 * Ends a text at the stop string that is complete first (of two that end together, the longer one), so
 * that the end does not depend on how the text is cut into tokens. The stop string itself is never
 * emitted, not even in part: text that may be the beginning of one is withheld until it is decided.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  #withheld = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** Some text is withheld. */
  get isWithholding(): boolean {
    return this.#withheld !== "";
  }

  push(text: string): StopMatch {
    if (this.#stops.length === 0) return { text };
    const open = this.#withheld + text;
    const first = this.#findFirst(open);
    if (first) {
      this.#withheld = "";
      return { text: open.slice(0, first.start), stopString: open.slice(first.start, first.end) };
    }
    const keep = Math.max(...this.#stops.map((stop) => overlap(open, stop)));
    this.#withheld = open.slice(open.length - keep);
    return { text: open.slice(0, open.length - keep) };
  }

  #findFirst(text: string): { start: number; end: number } | undefined {
    const found = this.#stops
      .map((stop) => ({ start: text.indexOf(stop), end: text.indexOf(stop) + stop.length }))
      .filter(({ start }) => start >= 0);
    return found.sort((a, b) => a.end - b.end || a.start - b.start)[0];
  }

  /** What was withheld, when nothing follows: it was no stop string after all. */
  flush(): string {
    const rest = this.#withheld;
    this.#withheld = "";
    return rest;
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`, short of all of it. */
function overlap(text: string, stop: string): number {
  const longest = Math.min(text.length, stop.length - 1);
  for (let length = longest; length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
