import { assert } from "@/lib/util/assert";
import type { RowMover } from "./kv-slots";
import type { TensorView } from "./onnx/graph-session";
import type { CacheSlot } from "./onnx/graph-signature";

/** A pass over rows that lie together. */
export type PassRows = {
  row: number;
  rowCount: number;
  /** Tokens that each row holds before. */
  starts: readonly number[];
  /** New tokens of each row. */
  length: number;
};

/** What a pass reads and writes of the cache, under the names the graph has for it. */
export type PassTensors = {
  inputs: readonly (readonly [string, TensorView])[];
  outputs: readonly (readonly [string, TensorView])[];
  /**
   * Places in front of the new tokens, of which each row fills its first ones; undefined where new
   * tokens are written right behind a row's own.
   */
  pastLength: number | undefined;
};

/** Keys and values of all rows, whichever way a graph takes and gives them. */
export interface PassCache extends RowMover {
  readonly rowCount: number;
  /** Tokens a row can hold. */
  readonly capacity: number;
  /** Whether rows of different length cannot share a pass. */
  readonly runsRowsAlone: boolean;
  begin(pass: PassRows): PassTensors;
  /** Keeps what the pass wrote. */
  finish(pass: PassRows): void;
  /** For tests: fills everything with what no correct step ever reads. */
  poison(): void;
}

export type CacheBlock = {
  readonly slot: CacheSlot;
  readonly data: Float32Array | Uint16Array;
};

/**
 * The memory of all keys and values: for each layer and kind one block of the shape
 * `[rows, heads, capacity, head size]`, made once and never grown. GroupQueryAttention writes into it in
 * place when its past and its present are bound to the same block; which positions of a row count is
 * told by the attention mask.
 */
export class KvCache implements PassCache {
  readonly rowCount: number;
  /** Tokens a row can hold. */
  readonly capacity: number;
  readonly runsRowsAlone: boolean;
  readonly #passes = new Map<string, PassTensors>();
  /** For each layer and kind `[rows, heads, capacity, head size]`. */
  readonly blocks: readonly CacheBlock[];
  /** One head of one row, for swaps. */
  readonly #scratch: { float32: Float32Array; float16: Uint16Array };

  /** @param runsRowsAlone for graphs that count positions by the length of the mask. */
  constructor(
    slots: readonly CacheSlot[],
    rowCount: number,
    capacity: number,
    runsRowsAlone = false,
  ) {
    this.runsRowsAlone = runsRowsAlone;
    this.rowCount = rowCount;
    this.capacity = capacity;
    this.blocks = slots.map((slot) => {
      const size = rowCount * slot.headCount * capacity * slot.headSize;
      return {
        slot,
        data: slot.dtype === "float32" ? new Float32Array(size) : new Uint16Array(size),
      };
    });
    const headMax = capacity * Math.max(...slots.map((slot) => slot.headSize));
    this.#scratch = { float32: new Float32Array(headMax), float16: new Uint16Array(headMax) };
  }

  begin({ row, rowCount }: PassRows): PassTensors {
    const key = `${row}+${rowCount}`;
    const known = this.#passes.get(key) ?? this.#bind(row, rowCount);
    this.#passes.set(key, known);
    return known;
  }

  finish(): void {
    // It was written where it belongs.
  }

  #bind(row: number, count: number): PassTensors {
    assert(row >= 0 && count > 0 && row + count <= this.rowCount, "rows lie within the cache");
    const tensors = this.blocks.map(({ slot, data }) => {
      const size = slot.headCount * this.capacity * slot.headSize;
      const tensor: TensorView = {
        type: slot.dtype,
        data: data.subarray(row * size, (row + count) * size),
        dims: [count, slot.headCount, this.capacity, slot.headSize],
      };
      return { slot, tensor };
    });
    return {
      inputs: tensors.map(({ slot, tensor }) => [slot.past, tensor]),
      outputs: tensors.map(({ slot, tensor }) => [slot.present, tensor]),
      pastLength: undefined,
    };
  }

  copyRow(from: number, to: number, length: number): void {
    this.#forEachHead(from, to, length, (data, source, target, size) => {
      data.copyWithin(target, source, source + size);
    });
  }

  swapRows(a: number, b: number, length: number): void {
    this.#forEachHead(a, b, length, (data, first, second, size) => {
      const scratch = data instanceof Float32Array ? this.#scratch.float32 : this.#scratch.float16;
      scratch.set(data.subarray(first, first + size));
      data.copyWithin(first, second, second + size);
      data.set(scratch.subarray(0, size), second);
    });
  }

  /** For tests: fills everything with what no correct step ever reads. */
  poison(): void {
    for (const { data } of this.blocks) data.fill(data instanceof Float32Array ? NaN : 0x7e00);
  }

  #forEachHead(
    a: number,
    b: number,
    length: number,
    move: (data: Float32Array | Uint16Array, a: number, b: number, size: number) => void,
  ): void {
    assert(a !== b && length <= this.capacity, "two rows, and no further than they reach");
    for (const { slot, data } of this.blocks) {
      const headStride = this.capacity * slot.headSize;
      const rowStride = slot.headCount * headStride;
      for (let head = 0; head < slot.headCount; head++) {
        const offset = head * headStride;
        move(data, a * rowStride + offset, b * rowStride + offset, length * slot.headSize);
      }
    }
  }
}
