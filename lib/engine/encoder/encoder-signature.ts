import { StartError } from "@/lib/util/start-error";
import type { GraphSession, TensorDeclaration } from "../onnx/graph-session";

/** What a graph that reads takes and gives, as the session itself reports it. */
export type EncoderSignature = {
  /** Element type of ids, masks, types and positions. */
  idType: "int64" | "int32";
  /** Whether the graph was exported for one text a pass. */
  hasOneRow: boolean;
  takesMask: boolean;
  takesTypes: boolean;
  takesPositions: boolean;
  /** Inputs for what was read before: always empty here. */
  pasts: { name: string; type: "float32" | "float16"; headCount: number; headSize: number }[];
  output: EncoderOutput;
};

export type EncoderOutput = {
  name: string;
  /**
   * `tokens`: a state a token, to be pooled; `text`: a vector a text, pooled by the graph; `labels`: a
   * number a label.
   */
  kind: "tokens" | "text" | "labels";
  type: "float32" | "float16";
  /** Numbers a token, or a text. */
  size: number;
};

const IDS = "input_ids";
const MASK = "attention_mask";
const TYPES = "token_type_ids";
const POSITIONS = "position_ids";
const PAST = /^past_key_values\.\d+\.(key|value)$/;
const REMEDY =
  "Export it with Optimum for feature-extraction or text-classification (inputs input_ids, attention_mask; outputs last_hidden_state, sentence_embedding or logits).";

/** Where a graph leaves a size open: what config.json says. */
export type EncoderSizes = {
  hiddenSize: number | undefined;
  labelCount: number | undefined;
  headCount: number | undefined;
  headSize: number | undefined;
};

/** @throws StartError that names what is missing, unknown or of another type. */
export function readEncoderSignature(
  session: Pick<GraphSession, "inputs" | "outputs">,
  sizes: EncoderSizes,
): EncoderSignature {
  const inputs = new Map(session.inputs.map((it) => [it.name, it]));
  const { type: idType, dims } = inputs.get(IDS) ?? {};
  if (idType !== "int64" && idType !== "int32") throw refuse(`it has no ${IDS} of integers`);
  const pasts: EncoderSignature["pasts"] = [];
  for (const input of inputs.values()) {
    if (PAST.test(input.name)) pasts.push(toPast(input, sizes));
    else if (![IDS, MASK, TYPES, POSITIONS].includes(input.name)) {
      throw refuse(`its input ${input.name} is not one this engine knows`);
    } else if (input.type !== idType) {
      throw refuse(`its inputs ${IDS} and ${input.name} are of different types`);
    }
  }
  return {
    idType,
    hasOneRow: dims?.[0] === 1,
    takesMask: inputs.has(MASK),
    takesTypes: inputs.has(TYPES),
    takesPositions: inputs.has(POSITIONS),
    pasts,
    output: pickOutput(session.outputs, sizes),
  };
}

function pickOutput(outputs: readonly TensorDeclaration[], sizes: EncoderSizes): EncoderOutput {
  const byName = new Map(outputs.map((it) => [it.name, it]));
  // What the makers' whole pipeline gives goes before what we would make of its middle.
  const sentence = byName.get("sentence_embedding");
  if (sentence) return toOutput(sentence, "text", sizes.hiddenSize);
  const states = byName.get("last_hidden_state") ?? byName.get("token_embeddings");
  if (states) return toOutput(states, "tokens", sizes.hiddenSize);
  const logits = byName.get("logits");
  if (!logits) {
    throw refuse(`it gives ${[...byName.keys()].join(", ")} and nothing that is known here`);
  }
  if (logits.dims.length !== 2) {
    throw refuse("its logits are for each token and not for a whole text");
  }
  return toOutput(logits, "labels", sizes.labelCount);
}

function toOutput(
  { name, type, dims }: TensorDeclaration,
  kind: EncoderOutput["kind"],
  fallback: number | undefined,
): EncoderOutput {
  if (type !== "float32" && type !== "float16") {
    throw refuse(`its ${name} is ${type}, not float32 or float16`);
  }
  const last = dims.at(-1);
  const size = typeof last === "number" && last > 0 ? last : fallback;
  if (size !== undefined) return { name, kind, type, size };
  throw refuse(`neither ${name} nor config.json says how many numbers it gives`);
}

function toPast(
  { name, type, dims }: TensorDeclaration,
  sizes: EncoderSizes,
): EncoderSignature["pasts"][number] {
  const [, heads, , size] = dims;
  const headCount = typeof heads === "number" ? heads : sizes.headCount;
  const headSize = typeof size === "number" ? size : sizes.headSize;
  if (type !== "float32" && type !== "float16") throw refuse(`its ${name} is ${type}`);
  if (headCount !== undefined && headSize !== undefined) return { name, type, headCount, headSize };
  throw refuse(`neither ${name} nor config.json gives the number and size of heads`);
}

function refuse(what: string): StartError {
  return new StartError({ message: `The ONNX graph cannot be served: ${what}.`, remedy: REMEDY });
}
