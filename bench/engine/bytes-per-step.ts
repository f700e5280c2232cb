import { type ModelDimensions, PRESETS, type Preset } from "@/lib/engine/synthetic/dimensions";
import type { GgufType } from "@/lib/engine/synthetic/gguf-blocks";
import { findBlockShape, type WeightForm } from "@/lib/engine/synthetic/weight-form";
import { countWeights } from "@/lib/engine/synthetic/write-synthetic-model";

export type Stored = { weights: WeightForm | GgufType; cacheElementBytes: 2 | 4 };

/**
 * Bytes that one decoding step has to read: every weight of every matrix once for the whole batch (the
 * tied embedding as the head; the rows looked up in it are nothing beside), and the keys and values of
 * each sequence. Memory bandwidth over this is the speed that no engine can pass.
 */
export function bytesPerStep(
  preset: Preset,
  { weights, cacheElementBytes }: Stored,
  { batch, contextLength }: { batch: number; contextLength: number },
): number {
  const dimensions: ModelDimensions = PRESETS[preset];
  const { layerCount, kvHeadCount, headSize } = dimensions;
  const cache = 2 * layerCount * kvHeadCount * headSize * contextLength * cacheElementBytes;
  return countWeights(dimensions) * bytesPerWeight(weights) + batch * cache;
}

/** With its share of the scales: float32 in our blocks, float16 in those of GGUF (32 weights each). */
function bytesPerWeight(weights: WeightForm | GgufType): number {
  switch (weights) {
    case "F32":
    case "fp32":
      return 4;
    case "F16":
    case "fp16":
      return 2;
    case "Q4_0":
      return (16 + 2) / 32;
    case "Q8_0":
      return (32 + 2) / 32;
    default: {
      const block = findBlockShape(weights);
      // Without blocks there is one scale a row, which is nothing beside it.
      return block ? block.bits / 8 + 4 / block.blockSize : 1;
    }
  }
}
