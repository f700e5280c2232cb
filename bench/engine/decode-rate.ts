import { percentile } from "../load";

export type DecodeRate = {
  /** Of all sequences together, by the median step: what is left of a neighbour's bursts of work. */
  tokensPerSecond: number;
  /** The same by all steps: tokens over the time they took. */
  meanTokensPerSecond: number;
  stepMs: number;
};

/**
 * Speed of sequences that make tokens side by side. `stampsMs[i]` are the times at which sequence i had
 * another token. Only the time is counted in which all of them were at it: from the last one's first
 * token to the first one's last. What it takes to get them going is a matter of prefill.
 */
export function decodeRate(stampsMs: readonly (readonly number[])[]): DecodeRate {
  const startMs = Math.max(...stampsMs.map((stamps) => stamps[0] ?? Number.NaN));
  const endMs = Math.min(...stampsMs.map((stamps) => stamps.at(-1) ?? Number.NaN));
  const inside = stampsMs.map((it) => it.filter((stamp) => stamp >= startMs && stamp <= endMs));
  const gapsMs = inside.flatMap((stamps) =>
    stamps.slice(1).map((stamp, index) => stamp - (stamps[index] ?? Number.NaN)),
  );
  const stepMs = percentile(gapsMs, 0.5);
  return {
    tokensPerSecond: (stampsMs.length / stepMs) * 1_000,
    meanTokensPerSecond: (gapsMs.length / (endMs - startMs)) * 1_000,
    stepMs,
  };
}
