import { FIRST_TOKEN_SAMPLE_MS_MAX, FIRST_TOKEN_SAMPLES_MAX } from "@/lib/limits";
import { processSingleton } from "@/lib/util/process-singleton";

type Sample = { atMs: number; firstTokenMs: number };

/** How long models took to their first token of late, as this process saw it. */
export class FirstTokenTimes {
  readonly #samples = new Map<string, Sample[]>();

  /** @param model one that a worker offers: clients choose names, and each takes memory here. */
  record(model: string, sample: Sample): void {
    const samples = this.#samples.get(model) ?? [];
    this.#samples.set(model, samples);
    samples.push(sample);
    if (samples.length > FIRST_TOKEN_SAMPLES_MAX) samples.shift();
  }

  /** Milliseconds; undefined without a recent answer. */
  median(model: string, nowMs: number): number | undefined {
    const recent = (this.#samples.get(model) ?? [])
      .filter(({ atMs }) => nowMs - atMs <= FIRST_TOKEN_SAMPLE_MS_MAX)
      .map(({ firstTokenMs }) => firstTokenMs)
      .sort((left, right) => left - right);
    return recent[Math.floor((recent.length - 1) / 2)];
  }
}

/** Those of this process. */
export function firstTokenTimes(): FirstTokenTimes {
  return processSingleton("first-token-times", () => new FirstTokenTimes());
}
