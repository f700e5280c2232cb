import { writeFile } from "node:fs/promises";
import { Builder } from "flatbuffers";
import {
  AdapterWeights,
  type AdapterWeightsOptions,
  PROJECTIONS,
  type Projection,
} from "./adapter-weights";
import { toHalves } from "./half-float";

/** A tensor of an adapter's file. */
export type AdapterParameter = {
  name: string;
  dims: readonly number[];
  type: keyof typeof TYPE_NUMBERS;
  bytes: Uint8Array;
};

/** `TensorDataType` of adapter_schema.fbs. */
const TYPE_NUMBERS = { float32: 1, uint8: 2, float16: 10 } as const;

export type SyntheticAdapterOptions = AdapterWeightsOptions & {
  path: string;
  /** As the graph's own floats. */
  type?: "float32" | "float16";
};

/** Writes an `.onnx_adapter` file for a synthetic model that takes adapters. */
export async function writeSyntheticAdapter(options: SyntheticAdapterOptions): Promise<void> {
  await writeFile(options.path, encodeAdapter(listParameters(options)));
}

/** The tensors of an adapter, in the order of the layers. */
export function listParameters(options: Omit<SyntheticAdapterOptions, "path">): AdapterParameter[] {
  const { dimensions, rank, type = "float32" } = options;
  const weights = new AdapterWeights(options);
  const toBytes = (values: Float32Array) => {
    const data = type === "float16" ? toHalves(values) : values;
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  };
  // The keys of PROJECTIONS are its projections.
  const projections = Object.keys(PROJECTIONS) as Projection[];
  return Array.from({ length: dimensions.layerCount }, (_, layer) => layer).flatMap((layer) =>
    projections.flatMap((projection): AdapterParameter[] => {
      const { names, inputs, outputs, a, b } = weights.halves(layer, projection);
      return [
        { name: names.a, dims: [inputs, rank], type, bytes: toBytes(a) },
        { name: names.b, dims: [rank, outputs], type, bytes: toBytes(b) },
      ];
    }),
  );
}

/** The file, by the package's own writer, so that a reader of ours is tried on what others write. */
export function encodeAdapter(
  parameters: readonly AdapterParameter[],
  formatVersion = 1,
): Uint8Array {
  const builder = new Builder(1 << 16);
  const places = parameters.map(({ name, dims, type, bytes }) => {
    const nameAt = builder.createString(name);
    builder.startVector(8, dims.length, 8);
    for (const size of [...dims].reverse()) builder.addInt64(BigInt(size));
    const dimsAt = builder.endVector();
    // `raw_data` is aligned to 8 by the schema.
    builder.prep(8, bytes.length);
    const dataAt = builder.createByteVector(bytes);
    builder.startObject(4);
    builder.addFieldOffset(0, nameAt, 0);
    builder.addFieldOffset(1, dimsAt, 0);
    builder.addFieldInt32(2, TYPE_NUMBERS[type], 0);
    builder.addFieldOffset(3, dataAt, 0);
    return builder.endObject();
  });
  builder.startVector(4, places.length, 4);
  for (const place of [...places].reverse()) builder.addOffset(place);
  const parametersAt = builder.endVector();
  builder.startObject(4);
  builder.addFieldInt32(0, formatVersion, 0);
  builder.addFieldInt32(1, 1, 0);
  builder.addFieldInt32(2, 1, 0);
  builder.addFieldOffset(3, parametersAt, 0);
  builder.finish(builder.endObject(), "TORT");
  return builder.asUint8Array();
}
