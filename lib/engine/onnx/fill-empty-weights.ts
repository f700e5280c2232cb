import { decodeModel, ELEMENT_TYPE, encodeModel, type OnnxTensor } from "./onnx-model";

/** Bytes of the elements that empty weights may have. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  [ELEMENT_TYPE.float32]: 4,
  [ELEMENT_TYPE.float16]: 2,
};

/**
 * Gives weights without elements that inputs may replace (an adapter's, of rank 0) one row or column of
 * zeros instead, which adds as little. WebGPU's MatMul of three dimensions ends the process when it meets
 * an empty one (onnxruntime 1.30).
 *
 * @param bytes a graph; given back as it is where it has no such weights.
 */
export function fillEmptyWeights(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  const { graph } = model;
  const inputs = new Set(graph.input.map((it) => it.name));
  const isEmpty = ({ name, dims, dataType }: OnnxTensor) =>
    name !== undefined && inputs.has(name) && dims.includes(0) && dataType in ELEMENT_BYTES;
  if (!graph.initializer.some(isEmpty)) return bytes;
  const initializer = graph.initializer.map((tensor) => {
    if (!isEmpty(tensor)) return tensor;
    const dims = tensor.dims.map((size) => size || 1);
    const count = dims.reduce((product, size) => product * size, 1);
    const rawData = new Uint8Array(count * (ELEMENT_BYTES[tensor.dataType] ?? 0));
    return { name: tensor.name, dataType: tensor.dataType, dims, rawData };
  });
  return encodeModel({ ...model, graph: { ...graph, initializer } });
}
