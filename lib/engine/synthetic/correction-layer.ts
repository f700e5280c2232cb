import { assert } from "@/lib/util/assert";
import type { OnnxValueInfo } from "../onnx/onnx-model";
import { nameHalves, PROJECTIONS, type Projection } from "./adapter-weights";
import { type GraphBuilder, valueInfo } from "./graph-builder";

export type CorrectionLayer = {
  /** What is corrected. */
  output: string;
  /** `layers.<number>.<projection>`. */
  layer: string;
  type: "float32" | "float16";
  /** Of the weights: outputs and inputs. */
  shape: { rows: number; columns: number };
};

/**
 * Adds `output + input · A · B`, with both halves as weights that an input of the same name may replace,
 * in the shape in which Olive and onnxruntime-genai's model builder write them: of rank 0, which adds
 * nothing, until somebody feeds others.
 */
export function addCorrection(
  graph: GraphBuilder,
  input: string,
  { output, layer, type, shape: { rows, columns } }: CorrectionLayer,
): { output: string; inputs: OnnxValueInfo[] } {
  const [, number, projection = ""] = /^layers\.(\d+)\.(\w+)$/.exec(layer) ?? [];
  assert(projection in PROJECTIONS, `${layer} is a layer's product`);
  const names = nameHalves(Number(number), projection as Projection);
  const data = type === "float16" ? new Uint16Array() : new Float32Array();
  graph.constant(names.a, { type, dims: [columns, 0], data });
  graph.constant(names.b, { type, dims: [0, rows], data });
  const reduced = graph.node("MatMul", [input, names.a]);
  const correction = graph.node("MatMul", [reduced, names.b]);
  return {
    output: graph.node("Add", [output, correction]),
    inputs: [
      valueInfo(names.a, type, [columns, "lora_r"]),
      valueInfo(names.b, type, ["lora_r", rows]),
    ],
  };
}
