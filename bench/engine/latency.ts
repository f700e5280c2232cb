import { EventEmitter, once } from "node:events";
import type { Engine } from "@/lib/engine/engine";
import { percentile } from "../load";
import { promptIds } from "./prompt-ids";
import type { Answer } from "./question";

const TIMER_MS = 5;
const CONTEXT_LENGTH = 128;

/**
 * At full load: how late a timer of the thread is that runs the engine's loop, and how long the slot of
 * a sequence stays taken after its abort. The abort can fall anywhere into a step.
 */
export async function measureLatency(
  engine: Engine,
  { batch, durationMs }: { batch: number; durationMs: number },
): Promise<Answer> {
  const stop = new AbortController();
  const aborts = Array.from({ length: batch }, () => new AbortController());
  let readyCount = 0;
  const allReady = new EventEmitter();
  const read = async (index: number, own: AbortSignal) => {
    const request = { promptIds: promptIds(CONTEXT_LENGTH, index), sampling: { temperature: 0 } };
    const signal = AbortSignal.any([stop.signal, own]);
    let isFirst = true;
    for await (const event of engine.generate({ ...request, stop: [], ignoreEos: true }, signal)) {
      if (event.type !== "text-delta" || !isFirst) continue;
      isFirst = false;
      if (++readyCount === batch) allReady.emit("ready");
    }
  };
  const becameReady = once(allReady, "ready");
  const readers = Promise.all(aborts.map((abort, index) => read(index, abort.signal)));
  await becameReady;
  const latenessMs = await measureTimer(durationMs);
  const abortMs = await measureAborts(engine, aborts.slice(0, Math.ceil(batch / 2)));
  stop.abort();
  await readers;
  return {
    timerMsP50: percentile(latenessMs, 0.5),
    timerMsP99: percentile(latenessMs, 0.99),
    timerMsMax: Math.max(...latenessMs),
    abortMsP50: percentile(abortMs, 0.5),
    abortMsMax: Math.max(...abortMs),
    slotsLeft: engine.heldSlotCount,
  };
}

/** By how much each tick comes after its time. */
async function measureTimer(durationMs: number): Promise<number[]> {
  const latenessMs: number[] = [];
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) latenessMs.push(await tick());
  return latenessMs;
}

async function tick(): Promise<number> {
  const dueMs = performance.now() + TIMER_MS;
  await new Promise((resolve) => setTimeout(resolve, TIMER_MS));
  return Math.max(0, performance.now() - dueMs);
}

async function measureAborts(
  engine: Engine,
  aborts: readonly AbortController[],
): Promise<number[]> {
  const freeMs: number[] = [];
  for (const abort of aborts) {
    const held = engine.heldSlotCount;
    const startedAtMs = performance.now();
    abort.abort();
    while (engine.heldSlotCount >= held) await new Promise((resolve) => setImmediate(resolve));
    freeMs.push(performance.now() - startedAtMs);
    // Somewhere else in the next step.
    await tick();
  }
  return freeMs;
}
