import { percentile } from "../load";
import type { Answer } from "./question";

/** What was asked of whom: one entry a round. */
export type SeriesKey = { part: string; who: string; detail?: string | number | undefined };

/** Answers by what was asked, in the order of the rounds. */
export class Series {
  readonly #answers = new Map<string, Answer[]>();

  add(key: SeriesKey, answer: Answer): void {
    const name = nameOf(key);
    this.#answers.set(name, [...(this.#answers.get(name) ?? []), answer]);
  }

  values(key: SeriesKey, field: string): number[] {
    const answers = this.#answers.get(nameOf(key)) ?? [];
    return answers.map((it) => it[field]).filter((it) => it !== undefined);
  }

  /** NaN when there is none. */
  median(key: SeriesKey, field: string): number {
    return percentile(this.values(key, field), 0.5);
  }

  /** Whoever has the highest median, of those that have one. */
  best(names: readonly string[], part: string, field: string, detail?: string | number) {
    return names
      .map((who) => ({ who, value: this.median({ part, who, detail }, field) }))
      .filter(({ value }) => !Number.isNaN(value))
      .sort((a, b) => b.value - a.value)[0];
  }

  toJson(): Record<string, Answer[]> {
    return Object.fromEntries(this.#answers);
  }
}

function nameOf({ part, who, detail }: SeriesKey): string {
  return [part, who, ...(detail === undefined ? [] : [detail])].join(" | ");
}
