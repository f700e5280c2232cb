import { findAttribute } from "./graph-index";
import { ELEMENT_TYPE, type OnnxGraph, type OnnxTensor } from "./onnx-model";

/**
 * A single number in the graph that may be how far attention looks back, if there is one of at least `from` and
 * below `to`: an exporter writes a window, or the size of a chunk, as a constant that places are compared with.
 */
export function findWindowNumber(
  graph: OnnxGraph,
  { from, to }: { from: number; to: number },
): number | undefined {
  // Distances are told with either sign.
  return listSingleNumbers(graph)
    .map(Math.abs)
    .find((it) => it >= from && it < to);
}

function listSingleNumbers(graph: OnnxGraph): number[] {
  const constants = graph.node
    .filter((it) => it.opType === "Constant")
    .flatMap((it) => {
      const tensor = findAttribute(it, "value")?.t;
      const number = findAttribute(it, "value_int")?.i ?? findAttribute(it, "value_float")?.f;
      return tensor ? readSingleNumber(tensor) : (number ?? []);
    });
  const inner = graph.node.flatMap((it) =>
    (it.attribute ?? []).flatMap(({ g }) => (g ? listSingleNumbers(g) : [])),
  );
  return [...graph.initializer.flatMap(readSingleNumber), ...constants, ...inner];
}

function readSingleNumber(tensor: OnnxTensor): number[] {
  const { dims, dataType, rawData } = tensor;
  if (dims.some((it) => it !== 1)) return [];
  const listed = tensor.int64Data?.[0] ?? tensor.int32Data?.[0] ?? tensor.floatData?.[0];
  if (listed !== undefined) return [listed];
  if (!rawData) return [];
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  if (dataType === ELEMENT_TYPE.int64 && rawData.length === 8) {
    return [Number(view.getBigInt64(0, true))];
  }
  if (dataType === ELEMENT_TYPE.int32 && rawData.length === 4) return [view.getInt32(0, true)];
  if (dataType === ELEMENT_TYPE.float32 && rawData.length === 4) return [view.getFloat32(0, true)];
  return [];
}
