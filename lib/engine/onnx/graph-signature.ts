import type { InferenceSession } from "onnxruntime-node";
import { StartError } from "@/lib/util/start-error";

/** One cached tensor of one layer: what comes in as past goes out as present, longer by the new tokens. */
export type CacheSlot = {
  past: string;
  present: string;
  dtype: "float32" | "float16";
  headCount: number;
  headSize: number;
};

/** What a decoder graph takes and gives, as the session itself reports it. */
export type GraphSignature = {
  takesAttentionMask: boolean;
  takesPositionIds: boolean;
  cacheSlots: CacheSlot[];
  vocabularySize: number;
  /** Width of `last_hidden_state`; undefined when the graph has no such output. */
  hiddenSize: number | undefined;
};

/** Head count and size from config.json, for graphs that leave those dimensions symbolic. */
export type CacheShapeFallback = {
  headCount: number | undefined;
  headSize: number | undefined;
};

export const INPUT_IDS = "input_ids";
export const ATTENTION_MASK = "attention_mask";
export const POSITION_IDS = "position_ids";
export const LOGITS = "logits";
export const HIDDEN_STATE = "last_hidden_state";

const PAST = /^past_key_values\.(\d+)\.(key|value)$/;
const REMEDY =
  "Export it for text generation with a KV cache (inputs input_ids, attention_mask, past_key_values.*; outputs logits, present.*).";

type TensorMetadata = Extract<InferenceSession.ValueMetadata, { isTensor: true }>;

/**
 * Reads the signature and checks that this engine can drive it.
 *
 * @throws StartError that names what is missing, unknown or of another type.
 */
export function readGraphSignature(
  session: Pick<InferenceSession, "inputMetadata" | "outputMetadata">,
  fallback: CacheShapeFallback,
): GraphSignature {
  const inputs = tensorsByName(session.inputMetadata);
  const outputs = tensorsByName(session.outputMetadata);
  expectType(inputs, INPUT_IDS, "int64");
  for (const name of [ATTENTION_MASK, POSITION_IDS]) {
    if (inputs.has(name)) expectType(inputs, name, "int64");
  }
  const logits = expectType(outputs, LOGITS, "float32");
  const vocabularySize = logits.shape.at(-1);
  if (typeof vocabularySize !== "number") {
    throw refuse("its output logits has no fixed vocabulary size");
  }
  const hidden = outputs.get(HIDDEN_STATE);
  const hiddenSize = hidden?.type === "float32" ? hidden.shape.at(-1) : undefined;
  return {
    takesAttentionMask: inputs.has(ATTENTION_MASK),
    takesPositionIds: inputs.has(POSITION_IDS),
    cacheSlots: readCacheSlots(inputs, outputs, fallback),
    vocabularySize,
    hiddenSize: typeof hiddenSize === "number" ? hiddenSize : undefined,
  };
}

function readCacheSlots(
  inputs: ReadonlyMap<string, TensorMetadata>,
  outputs: ReadonlyMap<string, TensorMetadata>,
  fallback: CacheShapeFallback,
): CacheSlot[] {
  const slots: CacheSlot[] = [];
  for (const input of inputs.values()) {
    if ([INPUT_IDS, ATTENTION_MASK, POSITION_IDS].includes(input.name)) continue;
    const match = PAST.exec(input.name);
    if (!match) throw refuse(`its input ${input.name} is not one this engine knows`);
    const present = `present.${match[1]}.${match[2]}`;
    if (!outputs.has(present)) throw refuse(`it has no output ${present} for ${input.name}`);
    if (input.type !== "float32" && input.type !== "float16") {
      throw refuse(`its input ${input.name} is ${input.type}, not float32 or float16`);
    }
    const [, heads, , size] = input.shape;
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

function tensorsByName(metadata: readonly InferenceSession.ValueMetadata[]) {
  const tensors = metadata.filter((it): it is TensorMetadata => it.isTensor);
  return new Map(tensors.map((it) => [it.name, it]));
}

function expectType(tensors: ReadonlyMap<string, TensorMetadata>, name: string, type: string) {
  const tensor = tensors.get(name);
  if (!tensor) throw refuse(`it has no ${name}`);
  if (tensor.type !== type) throw refuse(`its ${name} is ${tensor.type}, not ${type}`);
  return tensor;
}

function refuse(what: string): StartError {
  return new StartError({ message: `The ONNX graph cannot be served: ${what}.`, remedy: REMEDY });
}
