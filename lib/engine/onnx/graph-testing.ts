import { InferenceSession, Tensor } from "onnxruntime-node";
import { ELEMENT_TYPE, type OnnxModel, type OnnxNode, type OnnxTensor } from "./onnx-model";
import { makeNode, makeValue } from "./onnx-parts";

/** Sizes of the graphs that `makeHeadModel` makes: a batch of any size, sixteen numbers a position. */
export const HIDDEN_SIZE = 32;

export type HeadParts = { node: OnnxNode[]; initializer: OnnxTensor[] };

export type HeadModelOptions = {
  vocabularySize: number;
  /** From `last_hidden_state` [B, S, 32] to `logits`. */
  head: HeadParts;
  /** Shape and type that the graph declares for its logits. */
  logits?: { type?: number; dims?: (number | string)[] };
  opset?: number;
};

/** Numbers in [-1, 1] that depend on the seed alone. */
export function makeNumbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function makeFloats(name: string, dims: number[], values: Float32Array): OnnxTensor {
  return { name, dims, dataType: ELEMENT_TYPE.float32, rawData: new Uint8Array(values.buffer) };
}

/** The end of a decoder alone: an embedding, a norm, and the head to be tried. */
export function makeHeadModel(options: HeadModelOptions): OnnxModel {
  const { vocabularySize, head, logits = {}, opset = 18 } = options;
  const { float32, int64 } = ELEMENT_TYPE;
  const { type = float32, dims = ["batch_size", "sequence_length", vocabularySize] } = logits;
  const norm = makeNode("LayerNormalization", {
    input: ["embedded", "norm.weight"],
    output: ["last_hidden_state"],
  });
  return {
    irVersion: 10,
    opsetImport: [
      { domain: "", version: opset },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: {
      name: "head",
      node: [
        makeNode("Gather", { input: ["embedding", "input_ids"], output: ["embedded"] }),
        norm,
        ...head.node,
      ],
      initializer: [
        makeFloats("embedding", [100, HIDDEN_SIZE], makeNumbers(100 * HIDDEN_SIZE, 1)),
        makeFloats("norm.weight", [HIDDEN_SIZE], makeNumbers(HIDDEN_SIZE, 2)),
        ...head.initializer,
      ],
      input: [makeValue("input_ids", int64, ["batch_size", "sequence_length"])],
      output: [
        makeValue("logits", type, dims),
        makeValue("last_hidden_state", float32, ["batch_size", "sequence_length", HIDDEN_SIZE]),
      ],
    },
  };
}

export type Outputs = Record<string, { data: Float32Array | BigInt64Array; dims: number[] }>;

/** What the rewritten inputs are to hold. */
export type Wanted = { positions: number[]; wantsSums: boolean; inverseTemperatures: number[] };

/** One run over `rows` of prompts from an empty cache. */
export async function runGraph(
  session: InferenceSession,
  rows: number[][],
  wanted?: Wanted,
): Promise<Outputs> {
  const dims = [rows.length, rows[0]?.length ?? 0];
  const ids = BigInt64Array.from(rows.flat(), BigInt);
  const feeds: Record<string, Tensor> = { input_ids: new Tensor("int64", ids, dims) };
  for (const input of session.inputMetadata) {
    if (!input.isTensor) continue;
    if (input.name === "attention_mask") {
      feeds.attention_mask = new Tensor("int64", new BigInt64Array(ids.length).fill(1n), dims);
    } else if (input.name.startsWith("past_key_values")) {
      const [, heads, , size] = input.shape;
      const empty = [rows.length, Number(heads), 0, Number(size)];
      feeds[input.name] =
        input.type === "float16"
          ? new Tensor("float16", new Uint16Array(0), empty)
          : new Tensor("float32", new Float32Array(0), empty);
    }
  }
  if (wanted) {
    const { positions, wantsSums, inverseTemperatures } = wanted;
    const at = BigInt64Array.from(positions, BigInt);
    const inverse = Float32Array.from(inverseTemperatures);
    feeds.logits_positions = new Tensor("int64", at, [positions.length]);
    feeds.wants_block_sums = new Tensor("bool", Uint8Array.of(wantsSums ? 1 : 0), [1]);
    feeds.inverse_temperatures = new Tensor("float32", inverse, [inverse.length]);
  }
  // The outputs looked at are float32 and int64; the package's own type covers all there are.
  return (await session.run(feeds)) as unknown as Outputs;
}

export function openForTest(model: string | Uint8Array, folder?: string) {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
    ...(folder && {
      extra: { session: { model_external_initializers_file_folder_path: folder } },
    }),
  };
  return typeof model === "string"
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}
