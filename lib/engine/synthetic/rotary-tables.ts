import type { ModelDimensions } from "./dimensions";
import type { GraphBuilder } from "./graph-builder";
import { addFloats } from "./linear-layer";
import type { WeightForm } from "./weight-form";

/** Names of two tensors `[contextLength, headSize / 2]`. */
export type RotaryTables = { cosines: string; sines: string };

/** Adds cosines and sines of position times frequency: `theta^(-2 i / headSize)` for pair `i`. */
export async function addRotaryTables(
  graph: GraphBuilder,
  dimensions: ModelDimensions,
  form: WeightForm,
): Promise<RotaryTables> {
  const { contextLength, headSize, ropeTheta } = dimensions;
  const pairCount = headSize / 2;
  const cosines = new Float32Array(contextLength * pairCount);
  const sines = new Float32Array(contextLength * pairCount);
  for (let pair = 0; pair < pairCount; pair++) {
    const frequency = ropeTheta ** ((-2 * pair) / headSize);
    for (let position = 0; position < contextLength; position++) {
      const index = position * pairCount + pair;
      cosines[index] = Math.cos(position * frequency);
      sines[index] = Math.sin(position * frequency);
    }
  }
  const dims = [contextLength, pairCount];
  return {
    cosines: await addFloats(graph, "rotary.cosines", dims, cosines, form),
    sines: await addFloats(graph, "rotary.sines", dims, sines, form),
  };
}
