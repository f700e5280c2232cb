import type { OnnxGraph } from "./onnx-model";

/** A past input and what belongs to it, by the names that exporters of decoders agree on. */
export type CacheNames = {
  past: string;
  present: string;
  layer: string;
  kind: "key" | "value";
};

const PAST = /^past_key_values\.(\d+)\.(key|value)$/;

/** What a name of a past stands for; undefined when it is none. */
export function readCacheNames(past: string): CacheNames | undefined {
  const [, layer, kind] = PAST.exec(past) ?? [];
  if (layer === undefined || (kind !== "key" && kind !== "value")) return undefined;
  return { past, present: `present.${layer}.${kind}`, layer, kind };
}

export function listCaches(graph: OnnxGraph): CacheNames[] {
  return graph.input.flatMap((it) => readCacheNames(it.name) ?? []);
}

/**
 * The output, ours, that has the keys or values of a pass's own tokens alone:
 * `[batch, heads, sequence, head size]`. A graph has it instead of its present when its cache grows.
 */
export const toNewPresent = (present: string) => `new_${present}`;
