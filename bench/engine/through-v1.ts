import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type OwnWorker, startPlatform, startWorker } from "@/e2e/platform";
import { paths } from "@/lib/paths";
import { countCpu } from "../cpu-share";
import { measure, percentile, type Target } from "../load";
import { chatTarget } from "../targets";
import { CLIENTS_MS_MAX } from "./engine-subject";
import { LENGTH_MAX, type Lineup } from "./lineup";
import { ensureModel } from "./models";
import type { EngineBenchOptions } from "./options";
import type { Answer } from "./question";
import { FULL_BATCH } from "./rounds";
import type { Series } from "./series";

/** Each stream is used twice, so that ends and beginnings overlap as they do under a steady load. */
const REQUEST_COUNT = 2 * FULL_BATCH;
const HEALTH_INTERVAL_MS = 50;
const ABORT_MS_MAX = 10_000;

/** No round begins after that. */
const MINUTES_MAX = 5;

export type ThroughV1Options = {
  lineup: Lineup;
  options: EngineBenchOptions;
  series: Series;
  say(line: string): void;
  signal: AbortSignal;
};

/**
 * The same load on the engine alone and on a whole platform that serves the same model, in turns. The
 * platform is started for this, with one worker that has every core and a slot for every stream.
 */
export async function measureThroughV1(given: ThroughV1Options): Promise<void> {
  const { lineup, options, series, say, signal } = given;
  const engine = lineup.competitors.find((it) => it.kind === "ours");
  if (!options.parts.includes("v1") || !engine || lineup.failures.has(engine.name)) return;
  say("starting a platform");
  const form = options.forms.find((it) => it === engine.name);
  if (!form) return;
  const served = await openServed(await ensureModel(options.folder, options.model, form), options);
  try {
    const key = (detail: string) => ({ part: "v1", who: engine.name, detail });
    const clients = { clientCount: FULL_BATCH, requestCount: REQUEST_COUNT };
    // The first answers of a path warm its code, and touch memory for the first time.
    await served.target.ask(signal);
    await engine.subject.ask({ kind: "clients", ...clients }, signal);
    const endMs = performance.now() + MINUTES_MAX * 60_000;
    for (let round = 0; round < options.roundCount; round++) {
      if (round > 0 && performance.now() > endMs) break;
      say(`through /v1, round ${round + 1} of ${options.roundCount}`);
      const alone = await engine.subject.ask({ kind: "clients", ...clients }, signal);
      series.add(key("engine"), alone);
      series.add(key("/v1"), await measureServed(served, signal));
    }
  } finally {
    await served.close();
  }
}

type Served = { target: Target; worker: OwnWorker; close(): Promise<void> };

async function openServed(modelFolder: string, options: EngineBenchOptions): Promise<Served> {
  const models = mkdtempSync(join(tmpdir(), "parley-bench-"));
  // No bundled model beside ours: it would have a share of the cores.
  const platform = await startPlatform({ PARLEY_MODELS: models });
  const close = async () => {
    await platform.stop();
    rmSync(models, { recursive: true });
  };
  try {
    const words = [
      ...["--model", modelFolder, "--slots", String(FULL_BATCH)],
      ...["--threads", String(options.threadCount), "--max-model-len", String(LENGTH_MAX)],
    ];
    const worker = await startWorker(words, platform);
    return {
      ...{ target: chatTarget(basename(modelFolder), platform.url, undefined), worker },
      close: async () => {
        await worker.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function measureServed({ target, worker }: Served, signal: AbortSignal): Promise<Answer> {
  const stop = countCpu();
  const health = watchHealth(worker);
  const load = {
    ...{ clientCount: FULL_BATCH, requestCountMax: REQUEST_COUNT, durationMs: CLIENTS_MS_MAX },
  };
  const { tokensPerSecond } = await measure(target, load, signal);
  const { ownCores } = stop();
  const healthMs = await health.stop();
  return {
    ...{ tokensPerSecond, clientCores: ownCores },
    healthMsP50: percentile(healthMs, 0.5),
    healthMsMax: Math.max(...healthMs),
    abortMs: await measureAbort(target, worker, signal),
  };
}

/** Asks the worker again and again how it is: what its heartbeat would have to wait for. */
function watchHealth({ address }: OwnWorker): { stop(): Promise<number[]> } {
  const latenciesMs: number[] = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      const startedAtMs = performance.now();
      const reply = await fetch(new URL(paths.worker.health, address));
      await reply.text();
      latenciesMs.push(performance.now() - startedAtMs);
      await new Promise((resolve) => setTimeout(resolve, HEALTH_INTERVAL_MS));
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await asking;
      return latenciesMs;
    },
  };
}

/** From a client's leaving until the worker counts one less, with all other streams going on. */
async function measureAbort(
  target: Target,
  worker: OwnWorker,
  signal: AbortSignal,
): Promise<number> {
  const leaving = new AbortController();
  const own = AbortSignal.any([signal, leaving.signal]);
  const streams = Array.from({ length: FULL_BATCH }, (_, index) =>
    // The one that leaves ends with its abort.
    index === 0 ? target.ask(own).catch(() => undefined) : target.ask(signal),
  );
  const deadlineMs = performance.now() + ABORT_MS_MAX;
  const untilRunning = async (isThere: (count: number) => boolean) => {
    while (!isThere(await worker.running()) && performance.now() < deadlineMs);
  };
  await untilRunning((count) => count === FULL_BATCH);
  const startedAtMs = performance.now();
  leaving.abort();
  await untilRunning((count) => count < FULL_BATCH);
  const abortMs = performance.now() - startedAtMs;
  await Promise.all(streams);
  return abortMs;
}
