import { join, resolve } from "node:path";
import { Engine } from "@/lib/engine/engine";
import { type Random, seededRandom } from "@/lib/util/random";
import { ensureModel } from "./engine/models";
import { describeMachine, machineLines } from "./machine";
import { type MemorySample, toMemoryTrend } from "./memory-trend";
import { drawSoakRequest, SOAK_LENGTH_MAX } from "./soak-request";
import { formatTable } from "./text-table";

export const SOAK_OPTIONS = {
  json: { type: "boolean", default: false },
  minutes: { type: "string", default: "30" },
  seed: { type: "string", default: "1" },
  threads: { type: "string", default: "2" },
  folder: { type: "string", default: ".parley/bench" },
} as const;

type SoakOptions = Record<"minutes" | "seed" | "threads" | "folder", string>;

const PRESET = "smollm2-135m";
const FORM = "int8-block32";
const SLOT_COUNT = 8;
/** Half of them wait at any time, so that slots pass from hand to hand. */
const CLIENT_COUNT = 16;
const SAMPLES = 120;
const LINES = 12;
/** What V8 and the allocators may differ by between two windows of a run without a leak. */
const GROWTH_BYTES_MAX = 48 * 2 ** 20;

type Counts = { done: number; aborted: number; tokens: number; cached: number };

/**
 * Mixed load on one engine for as long as asked. It fails when memory grows after the warm-up or a slot
 * is still held when nobody is left.
 */
export async function runSoak(options: SoakOptions): Promise<{ isSound: boolean }> {
  const [minutes, seed, threadCount] = [options.minutes, options.seed, options.threads].map(Number);
  if (!minutes || !(minutes > 0) || seed === undefined || !threadCount) {
    throw new Error("--minutes, --seed and --threads are numbers above 0.");
  }
  const machine = describeMachine();
  const folder = resolve(options.folder);
  const engine = await Engine.load(await ensureModel(folder, PRESET, FORM), {
    ...{ threadCount, slotCount: SLOT_COUNT, contextLengthMax: SOAK_LENGTH_MAX },
    graphCacheFolder: join(folder, "graphs"),
  });
  console.log(
    `soak: ${PRESET} in ${FORM}, ${SLOT_COUNT} slots, ${CLIENT_COUNT} clients, ${minutes} minutes, --seed ${seed}`,
  );
  for (const line of machineLines(machine)) console.log(line);
  const counts: Counts = { done: 0, aborted: 0, tokens: 0, cached: 0 };
  const endMs = performance.now() + minutes * 60_000;
  const samples: MemorySample[] = [];
  const clients = Array.from({ length: CLIENT_COUNT }, (_, index) =>
    runClient(engine, { random: seededRandom(seed * 1_000 + index), endMs, counts }),
  );
  const sampling = sampleMemory(samples, endMs, (minutes * 60_000) / SAMPLES);
  await Promise.all([...clients, sampling]);
  const heldCount = engine.heldSlotCount + engine.runningCount + engine.waitingCount;
  await engine.close();
  return report(samples, counts, heldCount);
}

type ClientOptions = { random: Random; endMs: number; counts: Counts };

async function runClient(engine: Engine, { random, endMs, counts }: ClientOptions): Promise<void> {
  while (performance.now() < endMs) {
    const { request, abortAfterTokens, pauseMs } = drawSoakRequest(random);
    const abort = new AbortController();
    let tokenCount = 0;
    let isDone = false;
    if (abortAfterTokens === 0) setImmediate(() => abort.abort());
    for await (const event of engine.generate(request, abort.signal)) {
      if (event.type === "text-delta") tokenCount += event.tokenCount;
      if (event.type === "sequence-end") {
        counts.cached += event.cachedPromptTokenCount;
        isDone = true;
      }
      if (abortAfterTokens !== undefined && tokenCount >= abortAfterTokens) abort.abort();
    }
    counts.tokens += tokenCount;
    if (isDone) counts.done++;
    else counts.aborted++;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function sampleMemory(samples: MemorySample[], endMs: number, everyMs: number) {
  const startedAtMs = performance.now();
  while (performance.now() < endMs) {
    const { rss, heapUsed } = process.memoryUsage();
    samples.push({ atMs: performance.now() - startedAtMs, rssBytes: rss, heapBytes: heapUsed });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function report(samples: readonly MemorySample[], counts: Counts, heldCount: number) {
  const toMegabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const stride = Math.max(1, Math.floor(samples.length / LINES));
  const rows = samples
    .filter((_, index) => index % stride === 0 || index === samples.length - 1)
    .map(({ atMs, rssBytes, heapBytes }) => [
      (atMs / 60_000).toFixed(1),
      toMegabytes(rssBytes),
      toMegabytes(heapBytes),
    ]);
  console.log("");
  for (const line of formatTable(["minutes", "resident MiB", "heap MiB"], rows)) console.log(line);
  const trend = toMemoryTrend(samples);
  const isFlat = trend.growthBytes <= GROWTH_BYTES_MAX;
  const isSound = isFlat && heldCount === 0;
  console.log("");
  console.log(
    `${counts.done} answers, ${counts.aborted} aborts, ${counts.tokens} tokens, ${counts.cached} prompt tokens found ready`,
  );
  console.log(
    `memory after the warm-up: ${toMegabytes(trend.beforeBytes)} → ${toMegabytes(trend.afterBytes)} MiB, may grow by ${toMegabytes(GROWTH_BYTES_MAX)}: ${isFlat ? "flat" : "GROWS"}`,
  );
  console.log(`slots and sequences left at the end: ${heldCount}`);
  return { ...{ bench: "soak", isSound, ...trend, heldCount }, ...counts, samples };
}
