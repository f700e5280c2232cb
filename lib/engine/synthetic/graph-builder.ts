import { type FileHandle, open, rm } from "node:fs/promises";
import { assert } from "@/lib/util/assert";
import {
  ATTRIBUTE_TYPE,
  DATA_LOCATION_EXTERNAL,
  ELEMENT_TYPE,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from "../onnx/onnx-model";

export type Dims = readonly (number | string)[];
export type Attribute = Omit<OnnxAttribute, "name">;
type Elements = Float32Array | Uint16Array | Int32Array | BigInt64Array | Int8Array | Uint8Array;

export const MICROSOFT = "com.microsoft";

export const int = (i: number): Attribute => ({ type: ATTRIBUTE_TYPE.int, i });
export const float = (f: number): Attribute => ({ type: ATTRIBUTE_TYPE.float, f });
export const tensor = (t: OnnxTensor): Attribute => ({ type: ATTRIBUTE_TYPE.tensor, t });

export type NodeOptions = {
  domain?: string;
  attributes?: Record<string, Attribute>;
  /** Names for the outputs; an empty one is an output that nobody reads. */
  output?: string[];
};

export type TensorData = { type: keyof typeof ELEMENT_TYPE; dims: number[]; data: Elements };

/**
 * onnxruntime maps tensors that lie beside the graph into memory, page by page, and touches only what
 * it reads; the offset has to be a multiple of the page size for that.
 */
const PAGE_BYTES = 4_096;
const BESIDE_BYTES_MIN = 1_024;

/**
 * Collects nodes and weights. Weights go straight to a file beside the graph when one is given, so
 * that no more than one of them is in memory.
 */
export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Set<string>();
  readonly #file: FileHandle | undefined;
  readonly #fileName: string | undefined;
  #offset = 0;

  private constructor(file?: FileHandle, fileName?: string) {
    this.#file = file;
    this.#fileName = fileName;
  }

  /** @param beside folder and name of the file for weights; without it they lie in the graph. */
  static async create(beside?: { path: string; name: string }): Promise<GraphBuilder> {
    if (!beside) return new GraphBuilder();
    await rm(beside.path, { force: true });
    return new GraphBuilder(await open(beside.path, "w"), beside.name);
  }

  /** Adds a node and returns the name of its first output. */
  node(opType: string, input: string[], options: NodeOptions = {}): string {
    const name = `${opType}_${this.nodes.length}`;
    const output = options.output ?? [`${name}_out`];
    const attribute = Object.entries(options.attributes ?? {}).map(([key, value]) => ({
      name: key,
      ...value,
    }));
    this.nodes.push({ opType, domain: options.domain ?? "", name, input, output, attribute });
    const [first] = output;
    assert(first !== undefined, "a node has an output");
    return first;
  }

  /** Adds a small constant, once for each name. */
  constant(name: string, { type, dims, data }: TensorData): string {
    if (this.#names.has(name)) return name;
    this.#names.add(name);
    this.initializers.push({ ...toTensor(type, dims, data), name });
    return name;
  }

  /** Adds a weight. */
  async weight(name: string, { type, dims, data }: TensorData): Promise<string> {
    assert(!this.#names.has(name), `${name} is added once`);
    if (this.#file === undefined || data.byteLength < BESIDE_BYTES_MIN) {
      return this.constant(name, { type, dims, data });
    }
    this.#names.add(name);
    const offset = Math.ceil(this.#offset / PAGE_BYTES) * PAGE_BYTES;
    await writeWhole(this.#file, toBytes(data), offset);
    this.#offset = offset + data.byteLength;
    const place = { location: this.#fileName, offset, length: data.byteLength };
    this.initializers.push({
      name,
      dims,
      dataType: ELEMENT_TYPE[type],
      dataLocation: DATA_LOCATION_EXTERNAL,
      externalData: Object.entries(place).map(([key, value]) => ({ key, value: String(value) })),
    });
    return name;
  }

  /** The bytes of a weight under a second name and shape, without a second copy where they lie beside. */
  alias(name: string, of: string, dims: number[]): string {
    const source = this.initializers.find((it) => it.name === of);
    assert(source !== undefined, `${of} was added`);
    this.initializers.push({ ...source, name, dims });
    return name;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

export function toTensor(
  type: keyof typeof ELEMENT_TYPE,
  dims: number[],
  data: Elements,
): OnnxTensor {
  return { dims, dataType: ELEMENT_TYPE[type], rawData: toBytes(data) };
}

export function valueInfo(
  name: string,
  type: keyof typeof ELEMENT_TYPE,
  dims: Dims,
): OnnxValueInfo {
  const dim = dims.map((it) => (typeof it === "number" ? { dimValue: it } : { dimParam: it }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[type], shape: { dim } } } };
}

function toBytes(data: Elements): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** One write call takes at most 2 GiB. */
const WRITE_BYTES_MAX = 1 << 28;

export async function writeWhole(file: FileHandle, bytes: Uint8Array, offset: number) {
  for (let from = 0; from < bytes.length; ) {
    const length = Math.min(WRITE_BYTES_MAX, bytes.length - from);
    const { bytesWritten } = await file.write(bytes, from, length, offset + from);
    from += bytesWritten;
  }
}
