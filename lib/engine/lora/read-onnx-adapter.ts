import { type AdapterTensor, countElements } from "./adapter-tensor";
import { FlatTable } from "./flat-table";

/**
 * The `.onnx_adapter` format of onnxruntime and Olive (onnxruntime/lora/adapter_format/adapter_schema.fbs),
 * a FlatBuffers file with the identifier TORT:
 *
 *     Adapter    format_version, adapter_version, model_version: int32; parameters: [Parameter]
 *     Parameter  name: string; dims: [int64]; data_type: int32; raw_data: [uint8]
 *
 * Parameters are named for the graph inputs that take them. onnxruntime can apply such a file itself, but
 * not in runs with an IoBinding ("active adapters specified, but won't have an effect").
 */

/** `adapter_format_version.h`: the only one there has been. */
const FORMAT_VERSION = 1;

/** The fields of both tables, in their order. */
const ADAPTER = { formatVersion: 0, parameters: 3 } as const;
const PARAMETER = { name: 0, dims: 1, dataType: 2, rawData: 3 } as const;

/** `TensorDataType` by its number, with the bytes of an element. */
const TYPES: Readonly<Record<number, readonly [type: string, bytes: number]>> = {
  1: ["float32", 4],
  2: ["uint8", 1],
  3: ["int8", 1],
  4: ["uint16", 2],
  5: ["int16", 2],
  6: ["int32", 4],
  7: ["int64", 8],
  9: ["bool", 1],
  10: ["float16", 2],
  11: ["float64", 8],
  12: ["uint32", 4],
  13: ["uint64", 8],
  16: ["bfloat16", 2],
};

/** Whether the file says of itself that it is one. */
export function isOnnxAdapter(bytes: Uint8Array): boolean {
  return bytes.length > 8 && Buffer.from(bytes.subarray(4, 8)).toString("latin1") === "TORT";
}

/**
 * Reads the tensors of an adapter; they are views into `bytes`.
 *
 * @throws Error that says what is wrong with the file, as the end of a sentence about it.
 */
export function readOnnxAdapter(bytes: Uint8Array): AdapterTensor[] {
  if (!isOnnxAdapter(bytes)) throw new Error("it does not begin as an .onnx_adapter file does");
  try {
    const adapter = FlatTable.root(bytes);
    const version = adapter.readInt32(ADAPTER.formatVersion) ?? 0;
    if (version !== FORMAT_VERSION) {
      throw new Error(`its format has version ${version}, and only ${FORMAT_VERSION} is known`);
    }
    return readParameters(adapter);
  } catch (cause) {
    // DataView's complaint about a place outside the file, and TextDecoder's about broken text.
    const isBroken = cause instanceof RangeError || cause instanceof TypeError;
    if (!isBroken) throw cause;
    throw new Error("it is cut short or damaged", { cause });
  }
}

function readParameters(adapter: FlatTable): AdapterTensor[] {
  const tensors: AdapterTensor[] = [];
  const names = new Set<string>();
  for (const parameter of adapter.readTables(ADAPTER.parameters)) {
    const tensor = readParameter(parameter);
    // Without this a file of some kilobytes could name one tensor a million times.
    if (names.has(tensor.name)) throw new Error(`it has ${tensor.name} twice`);
    names.add(tensor.name);
    tensors.push(tensor);
  }
  if (tensors.length === 0) throw new Error("it holds no tensors");
  return tensors;
}

function readParameter(parameter: FlatTable): AdapterTensor {
  const name = parameter.readString(PARAMETER.name);
  if (!name) throw new Error("one of its tensors has no name");
  const number = parameter.readInt32(PARAMETER.dataType) ?? 0;
  const known = TYPES[number];
  if (!known) throw new Error(`the type of ${name} has the number ${number}, which is not known`);
  const [type, elementBytes] = known;
  const dims = parameter.readInt64s(PARAMETER.dims) ?? [];
  const bytes = parameter.readBytes(PARAMETER.rawData) ?? new Uint8Array();
  if (bytes.length !== countElements(dims) * elementBytes) {
    throw new Error(`${name} has ${bytes.length} bytes, which is not what [${dims}] takes`);
  }
  return { name, type, dims, bytes };
}
