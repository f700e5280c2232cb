import { assert } from "@/lib/util/assert";

/** Something that waits, by its length in tokens. */
export type Waiting = { readonly length: number };

/**
 * The texts of all requests that wait, by length, the earlier first among equals. Lengths are few (a
 * model reads some hundreds of tokens), so a list for each is sorted enough.
 */
export class WaitingTexts<T extends Waiting> {
  readonly #byLength = new Map<number, Set<T>>();
  /** Lengths of which something waits, the longest first. */
  #lengths: number[] = [];
  #tokenCount = 0;

  get tokenCount(): number {
    return this.#tokenCount;
  }

  add(text: T): void {
    const same = this.#byLength.get(text.length);
    if (same) same.add(text);
    else {
      this.#byLength.set(text.length, new Set([text]));
      const place = this.#lengths.findIndex((it) => it < text.length);
      this.#lengths.splice(place < 0 ? this.#lengths.length : place, 0, text.length);
    }
    this.#tokenCount += text.length;
  }

  delete(text: T): void {
    const same = this.#byLength.get(text.length);
    assert(same, "what is taken out has waited");
    assert(same.delete(text), "and is taken out once");
    if (same.size === 0) {
      this.#byLength.delete(text.length);
      this.#lengths = this.#lengths.filter((it) => it !== text.length);
    }
    this.#tokenCount -= text.length;
  }

  /** `first` and what comes after it, the longest first, as far as `countMax`. */
  listFrom(first: T, countMax: number): T[] {
    const listed = [first];
    for (const length of this.#lengths) {
      if (length > first.length) continue;
      for (const text of this.#byLength.get(length) ?? []) {
        if (listed.length >= countMax) return listed;
        if (text !== first) listed.push(text);
      }
    }
    return listed;
  }
}
