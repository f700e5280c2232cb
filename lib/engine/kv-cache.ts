import { assert } from "@/lib/util/assert";
import type { RowMover } from "./kv-slots";
import type { TensorView } from "./onnx/graph-session";
import type { CacheSlot } from "./onnx/graph-signature";

/**
 * The memory of all keys and values: for each layer and kind one block of the shape
 * `[rows, heads, capacity, head size]`, made once and never grown. GroupQueryAttention writes into it in
 * place when its past and its present are bound to the same block; which positions of a row count is
 * told by the attention mask.
 */
export class KvCache implements RowMover {
  readonly rowCount: number;
  /** Tokens a row can hold. */
  readonly capacity: number;
  readonly #blocks: { slot: CacheSlot; data: Float32Array | Uint16Array }[];
  /** One head of one row, for swaps. */
  readonly #scratch: { float32: Float32Array; float16: Uint16Array };

  constructor(slots: readonly CacheSlot[], rowCount: number, capacity: number) {
    this.rowCount = rowCount;
    this.capacity = capacity;
    this.#blocks = slots.map((slot) => {
      const size = rowCount * slot.headCount * capacity * slot.headSize;
      return {
        slot,
        data: slot.dtype === "float32" ? new Float32Array(size) : new Uint16Array(size),
      };
    });
    const headMax = capacity * Math.max(...slots.map((slot) => slot.headSize));
    this.#scratch = { float32: new Float32Array(headMax), float16: new Uint16Array(headMax) };
  }

  /** The blocks of `count` rows from `row` on, under the names the graph reads and writes them by. */
  views(row: number, count: number): { past: string; present: string; tensor: TensorView }[] {
    assert(row >= 0 && count > 0 && row + count <= this.rowCount, "rows lie within the cache");
    return this.#blocks.map(({ slot, data }) => {
      const size = slot.headCount * this.capacity * slot.headSize;
      return {
        past: slot.past,
        present: slot.present,
        tensor: {
          type: slot.dtype,
          data: data.subarray(row * size, (row + count) * size),
          dims: [count, slot.headCount, this.capacity, slot.headSize],
        },
      };
    });
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
    for (const { data } of this.#blocks) data.fill(data instanceof Float32Array ? NaN : 0x7e00);
  }

  #forEachHead(
    a: number,
    b: number,
    length: number,
    move: (data: Float32Array | Uint16Array, a: number, b: number, size: number) => void,
  ): void {
    assert(a !== b && length <= this.capacity, "two rows, and no further than they reach");
    for (const { slot, data } of this.#blocks) {
      const headStride = this.capacity * slot.headSize;
      const rowStride = slot.headCount * headStride;
      for (let head = 0; head < slot.headCount; head++) {
        const offset = head * headStride;
        move(data, a * rowStride + offset, b * rowStride + offset, length * slot.headSize);
      }
    }
  }
}
