import { FIRST_TOKEN_SAMPLE_MS_MAX, FIRST_TOKEN_SAMPLES_MAX } from "@/lib/limits";
import { processSingleton } from "@/lib/util/process-singleton";

type Sample = { atMs: number; firstTokenMs: number };

/** How long models took to their first token of late for callers of the API, as this process saw it. */
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

/** Steps in which times are told: an exact one changes with every answer, and tells of others' requests. */
const TOLD_STEPS_SECONDS = [0.5, 1, 2, 5];

/** A time to the first token as anybody may hear it. */
export function tellFirstToken(ms: number): string {
  const step = TOLD_STEPS_SECONDS.find((it) => ms < it * 1_000);
  return `${step === undefined ? "5 s or more" : `under ${step} s`} to the first token`;
}

/** Those of this process. */
export function firstTokenTimes(): FirstTokenTimes {
  return processSingleton("first-token-times", () => new FirstTokenTimes());
}
