import { assert } from "@/lib/util/assert";
import { GrowingCache } from "./growing-cache";
import { KvCache, type PassCache } from "./kv-cache";
import type { ModelRunner } from "./model-runner";
import { brokenLogits } from "./sampling/broken-logits";

/**
 * Vectors of texts from a model that writes: its states between the steps of those who write.
 *
 * A text is read in chunks as long as those of a prompt, so that a step waits for one of them and not
 * for a text of any length, and texts are read one after the other, whoever asked. What earlier chunks
 * left lies in a row that is made for the text and given back when nobody reads: at most the memory of
 * one more sequence. To refuse texts above some length instead would need no such row, and would refuse
 * most of what a context of thousands of tokens is there for.
 */
const CHUNK_TOKENS = 64;
/** Rows are made in powers of two from here on, so that texts of like lengths share one. */
const ROW_TOKENS_MIN = 256;

type Reading = {
  /** Texts that wait or are read. */
  count: number;
  /** Ends when the last text asked for so far was read. */
  tail: Promise<unknown>;
  row: PassCache | undefined;
};

const readings = new WeakMap<ModelRunner, Reading>();

/**
 * A text's vector: the mean of its tokens' last states, scaled to length one, so that the dot product
 * of two vectors is their cosine.
 *
 * @throws the signal's reason when it aborts before the last chunk.
 */
export async function embedTokens(
  runner: ModelRunner,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<number[]> {
  const size = runner.signature.hiddenSize;
  assert(size !== undefined, "the graph has an output to pool");
  const reading = readings.get(runner) ?? { count: 0, tail: Promise.resolve(), row: undefined };
  readings.set(runner, reading);
  reading.count += 1;
  const turn = reading.tail.then(() => sumStates(runner, reading, { ids, size, signal }));
  // Who comes next only has to know that it is over.
  reading.tail = turn.catch(() => undefined);
  try {
    return toUnit(await turn);
  } finally {
    reading.count -= 1;
    if (reading.count === 0) reading.row = undefined;
  }
}

async function sumStates(
  runner: ModelRunner,
  reading: Reading,
  { ids, size, signal }: { ids: readonly number[]; size: number; signal: AbortSignal },
): Promise<Float64Array> {
  signal.throwIfAborted();
  const isLongEnough = reading.row !== undefined && reading.row.capacity >= ids.length;
  const cache = isLongEnough && reading.row ? reading.row : createRow(runner, ids.length);
  reading.row = cache;
  const sums = new Float64Array(size);
  for (let start = 0; start < ids.length; start += CHUNK_TOKENS) {
    const chunk = { ids: ids.slice(start, start + CHUNK_TOKENS), start, cache };
    const states = await runner.readHiddenStates(chunk, signal);
    for (let at = 0; at < states.length; at++) {
      // Within bounds: by the remainder, and by the loop.
      sums[at % size] = (sums[at % size] as number) + (states[at] as number);
    }
  }
  return sums;
}

/** One row of the kind that the graph reads its past from. */
function createRow({ signature, cache }: ModelRunner, tokenCount: number): PassCache {
  let capacity = ROW_TOKENS_MIN;
  while (capacity < tokenCount) capacity *= 2;
  capacity = Math.min(capacity, cache.capacity);
  return cache instanceof GrowingCache
    ? new GrowingCache(signature.cacheSlots, { rowCount: 1, capacity, runsRowsAlone: true })
    : new KvCache(signature.cacheSlots, 1, capacity);
}

function toUnit(sums: Float64Array): number[] {
  const length = Math.hypot(...sums);
  if (!(length > 0 && Number.isFinite(length))) throw brokenLogits(length);
  return Array.from(sums, (value) => value / length);
}
