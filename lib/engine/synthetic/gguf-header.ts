/** Values of a GGUF file's metadata, by the type they are written as. */
export type GgufValue =
  | { type: "uint32"; value: number }
  | { type: "float32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "int32s"; values: Int32Array }
  | { type: "strings"; values: readonly string[] };

export type GgufTensorInfo = {
  name: string;
  /** Rows last: GGUF lists the dimension that lies closest in memory first. */
  dims: readonly number[];
  typeId: number;
  /** From the beginning of the data, a multiple of the alignment. */
  offset: number;
};

/** The format's default; tensors and the data as a whole begin at multiples of it. */
export const GGUF_ALIGNMENT = 32;

const VERSION = 3;
const TYPE_IDS = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;

/**
 * All of a GGUF file that comes before the data, padded up to it: magic, version, counts, metadata,
 * tensor infos, little-endian throughout (`docs/gguf.md` in the ggml repository, version 3).
 */
export function encodeGgufHeader(
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensorInfo[],
): Uint8Array {
  const bytes = new ByteWriter();
  bytes.raw(new TextEncoder().encode("GGUF"));
  bytes.uint32(VERSION);
  bytes.uint64(tensors.length);
  bytes.uint64(metadata.size);
  for (const [key, value] of metadata) {
    bytes.string(key);
    writeValue(bytes, value);
  }
  for (const { name, dims, typeId, offset } of tensors) {
    bytes.string(name);
    bytes.uint32(dims.length);
    for (const size of dims) bytes.uint64(size);
    bytes.uint32(typeId);
    bytes.uint64(offset);
  }
  return bytes.toPadded(GGUF_ALIGNMENT);
}

function writeValue(bytes: ByteWriter, value: GgufValue): void {
  switch (value.type) {
    case "uint32":
      bytes.uint32(TYPE_IDS.uint32);
      bytes.uint32(value.value);
      break;
    case "float32":
      bytes.uint32(TYPE_IDS.float32);
      bytes.raw(new Uint8Array(Float32Array.of(value.value).buffer));
      break;
    case "bool":
      bytes.uint32(TYPE_IDS.bool);
      bytes.raw(Uint8Array.of(value.value ? 1 : 0));
      break;
    case "string":
      bytes.uint32(TYPE_IDS.string);
      bytes.string(value.value);
      break;
    case "int32s": {
      bytes.uint32(TYPE_IDS.array);
      bytes.uint32(TYPE_IDS.int32);
      bytes.uint64(value.values.length);
      const { buffer, byteOffset, byteLength } = value.values;
      bytes.raw(new Uint8Array(buffer, byteOffset, byteLength));
      break;
    }
    case "strings":
      bytes.uint32(TYPE_IDS.array);
      bytes.uint32(TYPE_IDS.string);
      bytes.uint64(value.values.length);
      for (const text of value.values) bytes.string(text);
  }
}

/** Grows by doubling: a vocabulary is hundreds of thousands of small writes. */
class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #encoder = new TextEncoder();

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  uint64(value: number): void {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt(value), true);
    this.#length += 8;
  }

  string(text: string): void {
    const bytes = this.#encoder.encode(text);
    this.uint64(bytes.length);
    this.raw(bytes);
  }

  toPadded(alignment: number): Uint8Array {
    return this.#bytes.slice(0, Math.ceil(this.#length / alignment) * alignment);
  }

  #reserve(byteCount: number): void {
    // Padding may reach beyond what was written, so some room is always left.
    const needed = this.#length + byteCount + GGUF_ALIGNMENT;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
