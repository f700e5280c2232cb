import { percentile } from "./load";

export type MemorySample = { atMs: number; rssBytes: number; heapBytes: number };

/** Until then caches fill, code is compiled and pages of the KV cache are touched for the first time. */
const WARM_UP_SHARE = 0.25;
/** Samples whose medians are compared: the first after the warm-up, and the last. */
const WINDOW_SHARE = 0.2;

export type MemoryTrend = { beforeBytes: number; afterBytes: number; growthBytes: number };

/**
 * Growth of resident memory after the warm-up. Medians of two windows, since what the collector has
 * not fetched yet goes up and down by tens of megabytes.
 */
export function toMemoryTrend(samples: readonly MemorySample[]): MemoryTrend {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const count = Math.max(1, Math.floor(samples.length * WINDOW_SHARE));
  const median = (part: readonly MemorySample[]) =>
    percentile(
      part.map((it) => it.rssBytes),
      0.5,
    );
  const [beforeBytes, afterBytes] = [median(warm.slice(0, count)), median(warm.slice(-count))];
  return { beforeBytes, afterBytes, growthBytes: afterBytes - beforeBytes };
}
