import { StartError } from "@/lib/util/start-error";
import { readCacheNames, toNewPresent } from "./cache-names";
import { PLACED_MASK } from "./fuse-attention";
import type { GraphFacts } from "./graph-facts";
import type { GraphSession, TensorDeclaration } from "./graph-session";
import { ADDED } from "./rewrite-graph";

/** One cached tensor of one layer: the keys or the values. */
export type CacheSlot = {
  past: string;
  present: string;
  dtype: "float32" | "float16";
  headCount: number;
  headSize: number;
};

/** What a decoder graph takes and gives, as the session itself reports it. */
export type GraphSignature = {
  takesPositionIds: boolean;
  /** Whether the graph was exported for one row a pass. */
  hasOneRow?: boolean;
  /** Whether positions are counted by a mask that ends with the new tokens (`fuse-attention.ts`). */
  takesPlacedMask?: boolean;
  cacheSlots: CacheSlot[];
  vocabularySize: number;
  /** Width of `last_hidden_state`; undefined when the graph has no such output. */
  hiddenSize: number | undefined;
  /** Whether logits are given for the positions of `logits_positions` alone, and not for all. */
  hasLogitsPositions: boolean;
  /** Entries of `top_values` and `top_ids` for each position; undefined without these outputs. */
  topCount: number | undefined;
  /** Consecutive ids in each of `block_sums`, the last possibly fewer; undefined without it. */
  blockSize: number | undefined;
};

/** Head count and size from config.json, for graphs that leave those dimensions symbolic. */
export type CacheShapeFallback = {
  headCount: number | undefined;
  headSize: number | undefined;
};

/** Names of tensors, ours (see `ADDED`) and those that exports of decoders have in common. */
export const TENSOR = {
  inputIds: "input_ids",
  attentionMask: "attention_mask",
  positionIds: "position_ids",
  placedMask: PLACED_MASK,
  logits: "logits",
  hiddenState: "last_hidden_state",
  ...ADDED,
} as const;

const NOT_CACHE: readonly string[] = [
  ...[TENSOR.inputIds, TENSOR.attentionMask, TENSOR.positionIds, TENSOR.placedMask],
  ...[TENSOR.logitsPositions, TENSOR.wantsBlockSums, TENSOR.inverseTemperatures],
];
const REMEDY =
  "Export it for text generation with a KV cache (inputs input_ids, attention_mask, past_key_values.*; outputs logits, present.*).";

type TensorsByName = ReadonlyMap<string, TensorDeclaration>;

/**
 * Reads the signature and checks that this engine can drive the graph.
 *
 * @throws StartError that names what is missing, unknown or of another type.
 */
export function readGraphSignature(
  session: Pick<GraphSession, "inputs" | "outputs">,
  facts: Pick<GraphFacts, "vocabularySize" | "topCount" | "blockSize" | "refusal">,
  fallback: CacheShapeFallback,
): GraphSignature {
  const inputs: TensorsByName = new Map(session.inputs.map((it) => [it.name, it]));
  const outputs: TensorsByName = new Map(session.outputs.map((it) => [it.name, it]));
  const { dims } = expectType(inputs, TENSOR.inputIds, "int64");
  if (typeof dims[1] === "number") throw refuse(`its input_ids are always ${dims[1]} at once`);
  // Rows have a fixed length: only the mask tells the graph how much of one counts.
  expectType(inputs, TENSOR.attentionMask, "int64");
  if (inputs.has(TENSOR.positionIds)) expectType(inputs, TENSOR.positionIds, "int64");
  const hidden = outputs.get(TENSOR.hiddenState);
  const hiddenSize = hidden?.type === "float32" ? hidden.dims.at(-1) : undefined;
  const hasTop = outputs.has(TENSOR.topValues) && outputs.has(TENSOR.topIds);
  return {
    takesPositionIds: inputs.has(TENSOR.positionIds),
    ...(dims[0] === 1 && { hasOneRow: true }),
    ...(inputs.has(TENSOR.placedMask) && { takesPlacedMask: true }),
    cacheSlots: readCacheSlots(inputs, outputs, fallback),
    vocabularySize: readVocabularySize(outputs, facts),
    hiddenSize: typeof hiddenSize === "number" ? hiddenSize : undefined,
    hasLogitsPositions: inputs.has(TENSOR.logitsPositions),
    topCount: hasTop ? facts.topCount : undefined,
    blockSize: outputs.has(TENSOR.blockSums) ? facts.blockSize : undefined,
  };
}

function readVocabularySize(
  outputs: TensorsByName,
  facts: Pick<GraphFacts, "vocabularySize" | "refusal">,
): number {
  const logits = expectType(outputs, TENSOR.logits, "float32", facts.refusal);
  const width = logits.dims.at(-1);
  const vocabularySize = typeof width === "number" ? width : facts.vocabularySize;
  if (vocabularySize !== undefined) return vocabularySize;
  throw refuse(`its output logits has no fixed vocabulary size${because(facts.refusal)}`);
}

function readCacheSlots(
  inputs: TensorsByName,
  outputs: TensorsByName,
  fallback: CacheShapeFallback,
): CacheSlot[] {
  const slots: CacheSlot[] = [];
  for (const input of inputs.values()) {
    if (NOT_CACHE.includes(input.name)) continue;
    const names = readCacheNames(input.name);
    if (!names) throw refuse(`its input ${input.name} is not one this engine knows`);
    const present = [names.present, toNewPresent(names.present)].find((it) => outputs.has(it));
    if (!present) throw refuse(`it has no output ${names.present} for ${input.name}`);
    if (input.type !== "float32" && input.type !== "float16") {
      throw refuse(`its input ${input.name} is ${input.type}, not float32 or float16`);
    }
    const [, heads, , size] = input.dims;
    const headCount = typeof heads === "number" ? heads : fallback.headCount;
    const headSize = typeof size === "number" ? size : fallback.headSize;
    if (headCount === undefined || headSize === undefined) {
      throw refuse(`neither ${input.name} nor config.json gives the number and size of heads`);
    }
    slots.push({ past: input.name, present, dtype: input.type, headCount, headSize });
  }
  if (slots.length === 0) throw refuse("it has no past_key_values inputs, so no KV cache");
  return slots;
}

function expectType(tensors: TensorsByName, name: string, type: string, refusal?: string) {
  const tensor = tensors.get(name);
  if (!tensor) throw refuse(`it has no ${name}`);
  if (tensor.type === type) return tensor;
  throw refuse(`its ${name} is ${tensor.type}, not ${type}${because(refusal)}`);
}

/** A graph that the rewrite understood has float32 logits of a known width, whatever it had before. */
function because(refusal: string | undefined): string {
  return refusal === undefined ? "" : ` (and cannot be changed: ${refusal})`;
}

function refuse(what: string): StartError {
  return new StartError({ message: `The ONNX graph cannot be served: ${what}.`, remedy: REMEDY });
}
