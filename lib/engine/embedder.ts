import { assert } from "@/lib/util/assert";
import type { ModelRunner } from "./model-runner";
import { brokenLogits } from "./sampling/broken-logits";

/**
 * A text's vector: the mean of its tokens' last states, scaled to length one, so that the dot product
 * of two vectors is their cosine.
 */
export async function embedTokens(
  runner: ModelRunner,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<number[]> {
  const size = runner.signature.hiddenSize;
  assert(size !== undefined, "the graph has an output to pool");
  const rows = await runner.readHiddenStates(ids, signal);
  const sums = new Float64Array(size);
  for (const [index, value] of rows.entries()) {
    sums[index % size] = (sums[index % size] as number) + value; // Within bounds by the remainder.
  }
  const length = Math.hypot(...sums);
  if (!(length > 0)) throw brokenLogits(length);
  return Array.from(sums, (value) => value / length);
}
