import { assert } from "@/lib/util/assert";
import { type GraphBuilder, int, MICROSOFT, tensor, toTensor } from "./graph-builder";
import { toHalves } from "./half-float";
import { chunksOf, type WeightMatrix } from "./model-weights";
import { type QuantizedRows, quantizeBlocks, quantizeRows, toRowBytes } from "./quantize";
import { type BlockShape, findBlockShape, type WeightForm } from "./weight-form";

export type LinearLayer = {
  /** Begins the names of the weights. */
  name: string;
  form: WeightForm;
  /** Matrices over the same input, one after another in the output. */
  parts: WeightMatrix[];
  bias?: Float32Array | undefined;
  /** Codes and scales that are in the graph already, in whole blocks: those of a tied embedding. */
  tiedTo?: { codes: string; scales: string } | undefined;
};

/** Adds `input · weightsᵀ + bias` and returns the output's name. */
export async function addLinearLayer(
  graph: GraphBuilder,
  input: string,
  layer: LinearLayer,
): Promise<string> {
  const shape = findBlockShape(layer.form);
  if (shape) return addBlockLayer(graph, input, layer, shape);
  const output =
    layer.form === "int8-rows" || layer.form === "int8-dynamic"
      ? await addInt8Layer(graph, input, layer)
      : await addFloatLayer(graph, input, layer);
  if (!layer.bias) return output;
  return graph.node("Add", [output, await addBias(graph, layer)]);
}

async function addFloatLayer(
  graph: GraphBuilder,
  input: string,
  layer: LinearLayer,
): Promise<string> {
  const { rows, columns } = shapeOf(layer.parts);
  const weights = new Float32Array(rows * columns);
  forEachChunk(layer.parts, (chunk, firstRow) => {
    transposeInto(chunk, { target: weights, columns, rows, firstRow });
  });
  const name = await addFloats(graph, `${layer.name}.weight`, [columns, rows], weights, layer.form);
  return graph.node("MatMul", [input, name]);
}

async function addBlockLayer(
  graph: GraphBuilder,
  input: string,
  layer: LinearLayer,
  shape: BlockShape,
): Promise<string> {
  const { rows, columns } = shapeOf(layer.parts);
  const inputs = [input, ...(await addBlockWeights(graph, layer, shape))];
  // Zero points and group indices are left out: the codes lie around the operator's own middle.
  if (layer.bias) inputs.push("", "", await addBias(graph, layer));
  return graph.node("MatMulNBits", inputs, {
    domain: MICROSOFT,
    attributes: {
      K: int(columns),
      N: int(rows),
      bits: int(shape.bits),
      block_size: int(shape.blockSize),
      // Activations as int8, for the CPU's dot-product instructions: level 1 (float32) took twice as long.
      accuracy_level: int(4),
    },
  });
}

async function addBlockWeights(
  graph: GraphBuilder,
  { name, parts, tiedTo }: LinearLayer,
  shape: BlockShape,
): Promise<[string, string]> {
  const { rows, columns } = shapeOf(parts);
  const blockCount = Math.ceil(columns / shape.blockSize);
  const codeDims = [rows, blockCount, (shape.blockSize * shape.bits) / 8];
  const scaleDims = [rows, blockCount];
  const names = { codes: `${name}.codes`, scales: `${name}.scales` };
  if (tiedTo) {
    return [
      graph.alias(names.codes, tiedTo.codes, codeDims),
      graph.alias(names.scales, tiedTo.scales, scaleDims),
    ];
  }
  const { codes, scales } = quantizeToBlocks(parts, shape);
  return [
    await graph.weight(names.codes, { type: "uint8", dims: codeDims, data: codes }),
    await graph.weight(names.scales, { type: "float32", dims: scaleDims, data: scales }),
  ];
}

async function addInt8Layer(
  graph: GraphBuilder,
  input: string,
  layer: LinearLayer,
): Promise<string> {
  const { rows, columns } = shapeOf(layer.parts);
  const codes = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  forEachChunk(layer.parts, (chunk, firstRow) => {
    const quantized = quantizeRows(chunk, columns);
    scales.set(quantized.scales, firstRow);
    transposeInto(quantized.codes, { target: codes, columns, rows, firstRow });
  });
  const names = {
    codes: await graph.weight(`${layer.name}.codes`, {
      type: "int8",
      dims: [columns, rows],
      data: codes,
    }),
    scales: await graph.weight(`${layer.name}.scales`, {
      type: "float32",
      dims: [rows],
      data: scales,
    }),
  };
  return layer.form === "int8-rows"
    ? multiplyRows(graph, input, names)
    : multiplyDynamic(graph, input, names);
}

type Int8Weights = { codes: string; scales: string };

/** The pattern that onnxruntime's own dynamic quantiser writes. */
function multiplyDynamic(graph: GraphBuilder, input: string, weights: Int8Weights): string {
  const [codes, scale, zero] = quantizeDynamically(graph, input);
  const sums = graph.node("MatMulInteger", [codes, weights.codes, zero]);
  const scales = graph.node("Mul", [scale, weights.scales]);
  return graph.node("Mul", [graph.node("Cast", [sums], { attributes: { to: int(1) } }), scales]);
}

function quantizeDynamically(graph: GraphBuilder, input: string): [string, string, string] {
  const output: [string, string, string] = [`${input}.codes`, `${input}.scale`, `${input}.zero`];
  const isDone = graph.nodes.some((it) => it.output[0] === output[0]);
  if (!isDone) graph.node("DynamicQuantizeLinear", [input], { output });
  return output;
}

/**
 * Activations `[tokens, columns]` with one scale a token. The codes are unsigned around 128, since
 * the kernel multiplies unsigned by signed bytes.
 */
function multiplyRows(graph: GraphBuilder, input: string, weights: Int8Weights): string {
  const { codes, scales } = quantizeTokens(graph, input);
  const one = graph.constant("one", { type: "float32", dims: [], data: Float32Array.of(1) });
  const middle = graph.constant("middle", { type: "uint8", dims: [], data: Uint8Array.of(128) });
  const product = graph.node(
    "MatMulIntegerToFloat",
    [codes, weights.codes, one, weights.scales, middle],
    { domain: MICROSOFT },
  );
  return graph.node("Mul", [product, scales]);
}

function quantizeTokens(graph: GraphBuilder, input: string): { codes: string; scales: string } {
  const names = { codes: `${input}.codes`, scales: `${input}.scales` };
  if (graph.nodes.some((it) => it.output[0] === names.codes)) return names;
  const axis = graph.constant("axis1", { type: "int64", dims: [1], data: BigInt64Array.of(1n) });
  const step = graph.constant("step", {
    type: "float32",
    dims: [],
    data: Float32Array.of(1 / 127),
  });
  // A token of zeros has to keep a scale that can be divided by.
  const least = graph.constant("least", {
    type: "float32",
    dims: [],
    data: Float32Array.of(1e-12),
  });
  const largest = graph.node("ReduceMax", [graph.node("Abs", [input]), axis], {
    attributes: { keepdims: int(0) },
  });
  const scale = graph.node("Max", [graph.node("Mul", [largest, step]), least]);
  const middles = graph.node("ConstantOfShape", [graph.node("Shape", [scale])], {
    attributes: { value: tensor(toTensor("uint8", [1], Uint8Array.of(128))) },
  });
  graph.node("QuantizeLinear", [input, scale, middles], {
    output: [names.codes],
    attributes: { axis: int(0) },
  });
  graph.node("Unsqueeze", [scale, axis], { output: [names.scales] });
  return names;
}

/** All rows of the parts as blocks. */
export function quantizeToBlocks(parts: WeightMatrix[], shape: BlockShape): QuantizedRows {
  const { rows, columns } = shapeOf(parts);
  const rowBytes = toRowBytes(columns, shape);
  const blockCount = Math.ceil(columns / shape.blockSize);
  const quantized = {
    codes: new Uint8Array(rows * rowBytes),
    scales: new Float32Array(rows * blockCount),
  };
  forEachChunk(parts, (chunk, firstRow) => {
    const place = { codeOffset: firstRow * rowBytes, scaleOffset: firstRow * blockCount };
    quantizeBlocks(chunk, { ...shape, columns, ...place }, quantized);
  });
  return quantized;
}

/** Calls back with whole rows, and the place of the first among all rows of all parts. */
export function forEachChunk(
  parts: WeightMatrix[],
  use: (chunk: Float32Array, firstRow: number) => void,
): void {
  let row = 0;
  for (const part of parts) {
    for (const chunk of chunksOf(part)) {
      use(chunk, row);
      row += chunk.length / part.columns;
    }
  }
}

/** Adds float weights in the element type of the form. */
export function addFloats(
  graph: GraphBuilder,
  name: string,
  dims: number[],
  weights: Float32Array,
  form: WeightForm,
): Promise<string> {
  return form === "fp16"
    ? graph.weight(name, { type: "float16", dims, data: toHalves(weights) })
    : graph.weight(name, { type: "float32", dims, data: weights });
}

function addBias(graph: GraphBuilder, layer: LinearLayer): Promise<string> {
  const { bias } = layer;
  assert(bias !== undefined, "the layer has a bias");
  return addFloats(graph, `${layer.name}.bias`, [bias.length], bias, layer.form);
}

export function shapeOf(parts: WeightMatrix[]): { rows: number; columns: number } {
  const [first] = parts;
  assert(first !== undefined, "a layer has a matrix");
  for (const part of parts) assert(part.columns === first.columns, "parts read one input");
  return { rows: parts.reduce((sum, part) => sum + part.rows, 0), columns: first.columns };
}

type Transposition<Elements> = {
  target: Elements;
  columns: number;
  rows: number;
  firstRow: number;
};

/** Rows of `chunk` become columns of `target`. In squares, or each write would miss the cache. */
function transposeInto<Elements extends Float32Array | Int8Array>(
  chunk: Elements,
  { target, columns, rows, firstRow }: Transposition<Elements>,
): void {
  const chunkRows = chunk.length / columns;
  const side = 32;
  for (let top = 0; top < chunkRows; top += side) {
    const bottom = Math.min(top + side, chunkRows);
    for (let left = 0; left < columns; left += side) {
      const right = Math.min(left + side, columns);
      for (let column = left; column < right; column++) {
        const offset = column * rows + firstRow;
        for (let row = top; row < bottom; row++) {
          target[offset + row] = chunk[row * columns + column] ?? 0;
        }
      }
    }
  }
}
