/**
 * Tables of the FlatBuffers wire format ("FlatBuffers Internals", flatbuffers.dev), read with every place
 * checked: the package's own reader trusts the file. All numbers are little endian.
 *
 * A table begins with the distance back to its vtable: sizes of vtable and table, then for each field its
 * place in the table, 0 where it is absent. Strings, vectors and tables lie elsewhere: the field holds the
 * distance to them. Strings and vectors begin with their length.
 */
export class FlatTable {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #place: number;
  readonly #vtable: number;
  readonly #vtableLength: number;

  /**
   * The table that a file begins with.
   *
   * @throws RangeError when a place lies outside the file; so do all methods.
   */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(bytes, view.getUint32(0, true));
  }

  private constructor(bytes: Uint8Array, place: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place;
    this.#vtable = place - this.#view.getInt32(place, true);
    this.#vtableLength = this.#view.getUint16(this.#vtable, true);
  }

  readInt32(field: number): number | undefined {
    const place = this.#find(field);
    return place === undefined ? undefined : this.#view.getInt32(place, true);
  }

  readString(field: number): string | undefined {
    const bytes = this.readBytes(field);
    return bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }

  /** A view into the file. */
  readBytes(field: number): Uint8Array | undefined {
    const vector = this.#findVector(field, 1);
    return vector && this.#bytes.subarray(vector.start, vector.start + vector.length);
  }

  /** @throws RangeError also for integers that a number cannot hold. */
  readInt64s(field: number): number[] | undefined {
    const vector = this.#findVector(field, 8);
    if (!vector) return undefined;
    return Array.from({ length: vector.length }, (_, index) => {
      const value = Number(this.#view.getBigInt64(vector.start + 8 * index, true));
      if (!Number.isSafeInteger(value)) throw new RangeError("an integer is too large");
      return value;
    });
  }

  /** Tables that are read one by one, as they are asked for: a file of nothing but distances is short work. */
  *readTables(field: number): Generator<FlatTable> {
    const vector = this.#findVector(field, 4);
    for (let index = 0; index < (vector?.length ?? 0); index++) {
      const place = (vector?.start ?? 0) + 4 * index;
      yield new FlatTable(this.#bytes, this.#follow(place));
    }
  }

  /** Where a field of this table lies; undefined when the table was written without it. */
  #find(field: number): number | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#vtableLength) return undefined;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? undefined : this.#place + offset;
  }

  #findVector(field: number, elementBytes: number): { start: number; length: number } | undefined {
    const place = this.#find(field);
    if (place === undefined) return undefined;
    const start = this.#follow(place);
    const length = this.#view.getUint32(start, true);
    const end = start + 4 + length * elementBytes;
    if (end > this.#bytes.length) throw new RangeError("a vector ends beyond the file");
    return { start: start + 4, length };
  }

  /** Distances count from where they stand, and forward only. */
  #follow(place: number): number {
    return place + this.#view.getUint32(place, true);
  }
}
