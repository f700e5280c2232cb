import { assert } from "@/lib/util/assert";
import type { ElementType, TensorView } from "../onnx/graph-session";

/** A tensor as a file holds it. */
export type AdapterTensor = {
  name: string;
  type: string;
  dims: readonly number[];
  /** Little endian, row by row; a view into the file, at any place in it. */
  bytes: Uint8Array;
};

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const satisfies Record<ElementType, unknown>;

export function isElementType(type: string): type is ElementType {
  return Object.hasOwn(ARRAYS, type);
}

/** How many elements a shape has; NaN for a negative size. */
export function countElements(dims: readonly number[]): number {
  return dims.reduce((product, size) => (size < 0 ? Number.NaN : product * size), 1);
}

/** The tensor as memory that a run reads; copied where the file has it at a place that no array can begin at. */
export function toView({ type, dims, bytes }: AdapterTensor): TensorView {
  assert(isElementType(type), "the type was checked");
  const array = ARRAYS[type];
  const { BYTES_PER_ELEMENT: size } = array;
  const length = countElements(dims);
  assert(bytes.length === length * size, "the length was checked");
  const own = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  // `own.buffer` is no SharedArrayBuffer: it was read from a file.
  const data = new array(own.buffer as ArrayBuffer, own.byteOffset, length);
  return { type, dims, data };
}
