import {
  ATTRIBUTE_TYPE,
  ELEMENT_TYPE,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "./onnx-model";

/** A node of ONNX's own operators. */
export function makeNode(
  opType: string,
  options: { input: string[]; output: string[]; attribute?: OnnxAttribute[] },
): OnnxNode {
  const { input, output, attribute = [] } = options;
  return { opType, name: `${opType}:${output[0]}`, input, output, attribute };
}

export function makeIntegerAttribute(name: string, i: number): OnnxAttribute {
  return { name, type: ATTRIBUTE_TYPE.int, i };
}

export function makeGraphAttribute(name: string, g: OnnxGraph): OnnxAttribute {
  return { name, type: ATTRIBUTE_TYPE.graph, g };
}

/** A list of integers, for shapes and axes. */
export function makeIntegers(name: string, values: readonly number[]): OnnxTensor {
  const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return { name, dims: [values.length], dataType: ELEMENT_TYPE.int64, rawData };
}

/** The declaration of an input or output; a symbolic dimension is its name. */
export function makeValue(
  name: string,
  elemType: number,
  dims: readonly (number | string)[],
): OnnxValueInfo {
  const dim = dims.map((it) =>
    typeof it === "number" ? { dimValue: it } : it === "" ? {} : { dimParam: it },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
