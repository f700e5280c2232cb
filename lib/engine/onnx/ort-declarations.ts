import type { TensorDeclaration } from "./graph-session";
import { check, type OrtLibrary, type Pointer, receive } from "./ort-library";

/** ONNXTensorElementDataType: the number of a type is its place here. Names as onnxruntime-node has them. */
const ELEMENT_TYPE_NAMES = [
  ...["undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string"],
  ...["bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"],
];

/** The number that onnxruntime has for an element type. */
export function toElementNumber(type: string): number {
  return ELEMENT_TYPE_NAMES.indexOf(type);
}

/** Reads the inputs, outputs and overridable weights of a graph through the C interface. */
export function readDeclarations(library: OrtLibrary, session: Pointer) {
  const { functions: f } = library;
  const count = (call: typeof f.SessionGetInputCount) =>
    Number(receive(f, (cell) => call(session, cell)));
  const read = (kind: "Input" | "Output" | "OverridableInitializer"): TensorDeclaration[] =>
    Array.from({ length: count(f[`SessionGet${kind}Count`]) }, (_, index) => ({
      name: takeString(library, (cell) =>
        f[`SessionGet${kind}Name`](session, index, library.allocator, cell),
      ),
      ...readTypeInfo(
        library,
        receive(f, (cell) => f[`SessionGet${kind}TypeInfo`](session, index, cell)),
      ),
    }));
  return {
    inputs: read("Input"),
    outputs: read("Output"),
    overridable: read("OverridableInitializer"),
  };
}

/** A string of onnxruntime's that the caller frees. */
function takeString(
  { functions, allocator, readText }: OrtLibrary,
  call: (cell: BigUint64Array) => Pointer | null,
): string {
  const address = receive(functions, call);
  const text = readText(address);
  check(functions, functions.AllocatorFree(allocator, address));
  return text;
}

/** Type and dimensions; frees `info`. */
function readTypeInfo({ functions: f, readText }: OrtLibrary, info: Pointer) {
  try {
    // Belongs to `info`. Null for what is no tensor (a sequence, a map).
    const tensor = receive(f, (cell) => f.CastTypeInfoToTensorInfo(info, cell));
    if (tensor === 0n) return { type: "undefined", dims: [] };
    const type = Number(receive(f, (cell) => f.GetTensorElementType(tensor, cell)));
    const rank = Number(receive(f, (cell) => f.GetDimensionsCount(tensor, cell)));
    const dims = new BigInt64Array(new ArrayBuffer(8 * rank));
    check(f, f.GetDimensions(tensor, dims, rank));
    const names = new BigUint64Array(new ArrayBuffer(8 * rank));
    check(f, f.GetSymbolicDimensions(tensor, names, rank));
    return {
      type: ELEMENT_TYPE_NAMES[type] ?? `type ${type}`,
      // A dimension that is not fixed is -1 and has a name, which may be empty.
      dims: Array.from(dims, (size, axis) =>
        size >= 0n ? Number(size) : readText(names[axis] ?? 0n),
      ),
    };
  } finally {
    f.ReleaseTypeInfo(info);
  }
}
