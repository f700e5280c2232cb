import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { StartError } from "@/lib/util/start-error";

/** A linear layer after the pooling, as sentence-transformers' `Dense` module has it. */
export type DenseLayer = {
  inputSize: number;
  outputSize: number;
  /** `[outputSize, inputSize]`. */
  weight: Float32Array;
  bias: Float32Array | undefined;
  activation: "identity" | "tanh";
};

const configSchema = z.looseObject({
  in_features: z.number().int().positive(),
  out_features: z.number().int().positive(),
  activation_function: z.string().nullish(),
});

const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().min(0)),
  data_offsets: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
});

/** Far above the header of a file with two tensors. */
const HEADER_BYTES_MAX = 1 << 20;

/**
 * Reads `<path>/config.json` and `<path>/model.safetensors`.
 *
 * @throws StartError when one is missing or says what is not known here.
 */
export async function readDenseLayer(
  folder: string,
  path: string,
): Promise<{ layer: DenseLayer; files: string[] }> {
  const files = [join(path, "config.json"), join(path, "model.safetensors")];
  const [configPath, weightPath] = [join(folder, files[0] ?? ""), join(folder, files[1] ?? "")];
  const config = configSchema.safeParse(await readJson(configPath));
  if (!config.success) throw unusable(configPath, "does not describe a dense layer");
  const { in_features: inputSize, out_features: outputSize } = config.data;
  const bytes = await readFile(weightPath).catch((cause: unknown) => {
    throw new StartError({
      message: `${weightPath} cannot be read, and without it this model's last layer is unknown.`,
      remedy:
        "Put the layer's weights there as safetensors (a pytorch_model.bin beside it is not read; convert it).",
      cause,
    });
  });
  const tensors = readSafetensors(bytes, weightPath);
  const weight = tensors.get("linear.weight");
  const bias = tensors.get("linear.bias");
  if (weight?.length !== inputSize * outputSize) {
    throw unusable(weightPath, `holds no linear.weight of ${outputSize} × ${inputSize} numbers`);
  }
  if (bias && bias.length !== outputSize) {
    throw unusable(weightPath, `holds a linear.bias of another size than ${outputSize}`);
  }
  const activation = readActivation(config.data.activation_function, configPath);
  return { layer: { inputSize, outputSize, weight, bias, activation }, files };
}

/** The layer's output. */
export function applyDense(layer: DenseLayer, input: Float64Array): Float64Array {
  const { inputSize, outputSize, weight, bias, activation } = layer;
  const output = new Float64Array(outputSize);
  for (let row = 0; row < outputSize; row++) {
    let sum = bias?.[row] ?? 0;
    const start = row * inputSize;
    for (let column = 0; column < inputSize; column++) {
      // Within both arrays: the sizes were checked when the layer was read.
      sum += (weight[start + column] as number) * (input[column] as number);
    }
    output[row] = activation === "tanh" ? Math.tanh(sum) : sum;
  }
  return output;
}

function readActivation(name: string | null | undefined, path: string): DenseLayer["activation"] {
  const kind = name?.split(".").at(-1) ?? "Tanh";
  if (kind === "Identity") return "identity";
  // What sentence-transformers takes unless told.
  if (kind === "Tanh") return "tanh";
  throw unusable(path, `asks for the activation ${kind}, where Identity and Tanh are known`);
}

/** All tensors of the file: eight bytes of length, a header in JSON, then the numbers. */
function readSafetensors(bytes: Buffer, path: string): Map<string, Float32Array> {
  const headerLength = bytes.length >= 8 ? Number(bytes.readBigUInt64LE(0)) : 0;
  if (!(headerLength > 0 && headerLength <= Math.min(HEADER_BYTES_MAX, bytes.length - 8))) {
    throw unusable(path, "is no safetensors file");
  }
  const body = bytes.subarray(8 + headerLength);
  const header = z
    .record(z.string(), z.unknown())
    .safeParse(parseJson(bytes.toString("utf8", 8, 8 + headerLength)));
  if (!header.success) throw unusable(path, "has a header that is no JSON");
  const tensors = new Map<string, Float32Array>();
  for (const [name, entry] of Object.entries(header.data)) {
    if (name === "__metadata__") continue;
    const tensor = tensorSchema.safeParse(entry);
    if (!tensor.success) throw unusable(path, `describes ${name} in an unknown way`);
    const { dtype, data_offsets: offsets } = tensor.data;
    if (offsets[1] > body.length || offsets[0] > offsets[1]) {
      throw unusable(path, "is cut short");
    }
    tensors.set(name, toFloats(body.subarray(...offsets), dtype, path));
  }
  return tensors;
}

function toFloats(bytes: Buffer, dtype: string, path: string): Float32Array {
  if (dtype === "F32") {
    return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at));
  }
  const bits = Uint16Array.from({ length: bytes.length / 2 }, (_, at) =>
    bytes.readUInt16LE(2 * at),
  );
  if (dtype === "F16") return halvesToFloats(bits);
  if (dtype === "BF16") return new Float32Array(Uint32Array.from(bits, (it) => it << 16).buffer);
  throw unusable(path, `holds numbers of type ${dtype}, where F32, F16 and BF16 are known`);
}

/** IEEE 754 half precision to single; every half is a single. */
export function halvesToFloats(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (half) => {
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (1 + fraction / 1_024) * 2 ** (exponent - 15);
  });
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new StartError({
      message: `${path} is missing.`,
      remedy: "Copy the whole model folder from where it came from.",
      cause,
    });
  });
  return parseJson(text);
}

/** Undefined for what is no JSON: the schema that comes next says no to it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(path: string, what: string): StartError {
  return new StartError({
    message: `${path} ${what}.`,
    remedy: "Copy the file again, or use a model without a Dense module.",
  });
}
