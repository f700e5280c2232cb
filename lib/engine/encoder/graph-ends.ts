import { type FileHandle, open } from "node:fs/promises";

/**
 * What a graph takes and gives, by name, read from the file without loading it: of a file with its
 * weights in it a few kilobytes are read, since a protobuf's fields say how long they are and are
 * skipped. Field numbers are those of `onnx.proto`: ModelProto.graph is 7, GraphProto.input 11 and
 * output 12, ValueInfoProto.name 1.
 */
export type GraphEnds = { inputs: string[]; outputs: string[] };

const GRAPH = 7;
const INPUT = 11;
const OUTPUT = 12;
const NAME = 1;
const LENGTH_DELIMITED = 2;
/** One read: several fields' heads where they lie close together. */
const WINDOW_BYTES = 16_384;

/** The names, or undefined for what is no ONNX file: whoever loads it says so in better words. */
export async function findGraphEnds(path: string): Promise<GraphEnds | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const reader = new FieldReader(file, 0, (await file.stat()).size);
    for (let field = await reader.next(); field; field = await reader.next()) {
      if (field.number === GRAPH) return await readGraph(file, field);
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function readGraph(file: FileHandle, graph: Field): Promise<GraphEnds> {
  const ends: GraphEnds = { inputs: [], outputs: [] };
  const reader = new FieldReader(file, graph.start, graph.end);
  for (let field = await reader.next(); field; field = await reader.next()) {
    if (field.number !== INPUT && field.number !== OUTPUT) continue;
    const inner = new FieldReader(file, field.start, field.end);
    for (let part = await inner.next(); part; part = await inner.next()) {
      if (part.number !== NAME) continue;
      const name = (await inner.read(part)).toString("utf8");
      (field.number === INPUT ? ends.inputs : ends.outputs).push(name);
    }
  }
  return ends;
}

/** A length-delimited field's content, as places in the file; of others start and end are the same. */
type Field = { number: number; start: number; end: number };

/** Walks the fields between two places of a file. @throws RangeError where they are none. */
class FieldReader {
  readonly #file: FileHandle;
  readonly #end: number;
  #position: number;
  #window = Buffer.alloc(0);
  #windowStart = 0;

  constructor(file: FileHandle, start: number, end: number) {
    this.#file = file;
    this.#position = start;
    this.#end = end;
  }

  async next(): Promise<Field | undefined> {
    if (this.#position >= this.#end) return undefined;
    const key = await this.#readVarint();
    const number = Math.floor(key / 8);
    const wireType = key % 8;
    let length = 0;
    if (wireType === 0) await this.#readVarint();
    else if (wireType === 1) length = 8;
    else if (wireType === 5) length = 4;
    else if (wireType === LENGTH_DELIMITED) length = await this.#readVarint();
    else throw new RangeError("no protobuf");
    const start = this.#position;
    this.#position += length;
    if (this.#position > this.#end) throw new RangeError("a field longer than the file");
    return { number, start, end: this.#position };
  }

  async read({ start, end }: Field): Promise<Buffer> {
    const bytes = Buffer.alloc(end - start);
    await this.#file.read(bytes, 0, bytes.length, start);
    return bytes;
  }

  async #readVarint(): Promise<number> {
    let value = 0;
    for (let place = 0; place < 10; place++) {
      const byte = await this.#readByte();
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) return value;
    }
    throw new RangeError("a number without an end");
  }

  async #readByte(): Promise<number> {
    let offset = this.#position - this.#windowStart;
    if (offset < 0 || offset >= this.#window.length) {
      const length = Math.min(WINDOW_BYTES, this.#end - this.#position);
      const window = Buffer.alloc(Math.max(0, length));
      const { bytesRead } = await this.#file.read(window, 0, window.length, this.#position);
      this.#window = window.subarray(0, bytesRead);
      this.#windowStart = this.#position;
      offset = 0;
    }
    const byte = this.#window[offset];
    if (byte === undefined) throw new RangeError("the file ends within a number");
    this.#position += 1;
    return byte;
  }
}
