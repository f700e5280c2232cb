import { type GraphBuilder, int, MICROSOFT } from "./graph-builder";
import { addFloats, forEachChunk, quantizeToBlocks } from "./linear-layer";
import type { ModelWeights } from "./model-weights";
import { quantizeRows } from "./quantize";
import { type BlockShape, findBlockShape, type WeightForm } from "./weight-form";

export type EmbeddingOptions = { weights: ModelWeights; form: WeightForm; headForm: WeightForm };

/** Adds the look-up of `ids`; its output has one more dimension, the hidden size. */
export async function addEmbedding(
  graph: GraphBuilder,
  ids: string,
  { weights, form, headForm }: EmbeddingOptions,
): Promise<string> {
  const { hiddenSize, vocabularySize, isTied } = weights.dimensions;
  const shape = findBlockShape(isTied ? headForm : form);
  if (shape) return addBlocks(graph, ids, weights, toWholeBlocks(shape, hiddenSize));
  const embedding = weights.matrix("embedding");
  if (form === "int8-rows" || form === "int8-dynamic") return addRows(graph, ids, weights);
  const values = new Float32Array(vocabularySize * hiddenSize);
  forEachChunk([embedding], (chunk, row) => values.set(chunk, row * hiddenSize));
  const table = await addFloats(
    graph,
    "embedding.weight",
    [vocabularySize, hiddenSize],
    values,
    form,
  );
  return graph.node("Gather", [table, ids]);
}

/** The embedding's codes, when a tied head can read them as they lie. */
export function findTiedCodes({ weights, headForm }: EmbeddingOptions) {
  const { hiddenSize, isTied } = weights.dimensions;
  const shape = findBlockShape(headForm);
  if (!isTied || !shape || hiddenSize % shape.blockSize !== 0) return undefined;
  return { codes: "embedding.codes", scales: "embedding.scales" };
}

/**
 * Blocks that fill a row: the operator takes the width of what it looks up from the codes, so a
 * padded row would be a wider one.
 */
function toWholeBlocks({ bits, blockSize }: BlockShape, width: number): BlockShape {
  let size = blockSize;
  while (width % size !== 0) size /= 2;
  return { bits, blockSize: size };
}

async function addBlocks(
  graph: GraphBuilder,
  ids: string,
  weights: ModelWeights,
  shape: BlockShape,
): Promise<string> {
  const embedding = weights.matrix("embedding");
  const { codes, scales } = quantizeToBlocks([embedding], shape);
  const { rows, columns } = embedding;
  const names = [
    await graph.weight("embedding.codes", {
      type: "uint8",
      dims: [rows, (columns * shape.bits) / 8],
      data: codes,
    }),
    ids,
    await graph.weight("embedding.scales", {
      type: "float32",
      dims: [rows, columns / shape.blockSize],
      data: scales,
    }),
  ];
  return graph.node("GatherBlockQuantized", names, {
    domain: MICROSOFT,
    attributes: {
      bits: int(shape.bits),
      block_size: int(shape.blockSize),
      gather_axis: int(0),
      quantize_axis: int(1),
    },
  });
}

/** One scale a token: looked up beside the codes. */
async function addRows(graph: GraphBuilder, ids: string, weights: ModelWeights): Promise<string> {
  const embedding = weights.matrix("embedding");
  const { rows, columns } = embedding;
  const codes = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  forEachChunk([embedding], (chunk, row) => {
    const quantized = quantizeRows(chunk, columns);
    codes.set(quantized.codes, row * columns);
    scales.set(quantized.scales, row);
  });
  const table = await graph.weight("embedding.codes", {
    type: "int8",
    dims: [rows, columns],
    data: codes,
  });
  const scaleTable = await graph.weight("embedding.scales", {
    type: "float32",
    dims: [rows, 1],
    data: scales,
  });
  const looked = graph.node("Cast", [graph.node("Gather", [table, ids])], {
    attributes: { to: int(1) },
  });
  return graph.node("Mul", [looked, graph.node("Gather", [scaleTable, ids])]);
}
