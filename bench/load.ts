/** What one answer took, on the client's clock. */
export type Sample = { firstTokenMs: number; tokenCount: number };

/** One way to the model; asks for one answer. */
export type Target = { path: string; ask(signal: AbortSignal): Promise<Sample> };

export type Load = { clientCount: number; durationMs: number; requestCountMax: number };

export type Measurement = {
  requestCount: number;
  tokensPerSecond: number;
  firstTokenMs: number[];
};

/**
 * `clientCount` clients that each ask again as soon as they are answered, until the time or the count
 * is used up. The last answers are waited for and counted, with the time they take.
 */
export async function measure(
  target: Target,
  load: Load,
  signal: AbortSignal,
): Promise<Measurement> {
  const samples: Sample[] = [];
  const startedAtMs = performance.now();
  let asked = 0;
  const client = async () => {
    while (asked < load.requestCountMax && performance.now() - startedAtMs < load.durationMs) {
      asked++;
      samples.push(await target.ask(signal));
    }
  };
  await Promise.all(Array.from({ length: load.clientCount }, client));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const tokens = samples.reduce((sum, sample) => sum + sample.tokenCount, 0);
  return {
    requestCount: samples.length,
    tokensPerSecond: tokens / seconds,
    firstTokenMs: samples.map((sample) => sample.firstTokenMs),
  };
}

/** The value below which `share` of the values lie (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
