import { assert } from "@/lib/util/assert";
import {
  type CacheBlock,
  KvCache,
  type PassCache,
  type PassRows,
  type PassTensors,
} from "./kv-cache";
import type { TensorView } from "./onnx/graph-session";
import type { CacheSlot } from "./onnx/graph-signature";
import { ScratchMemory } from "./scratch-memory";

/** Places are added so many at a time: a window that grew with every token would be laid out anew by each. */
const WINDOW_STEP = 64;
/** From here on by a quarter of a thousand, since laying out takes as long as the window is large. */
const LARGE_WINDOW = 512;
const LARGE_WINDOW_STEP = 256;
/** So many passes in a row that need half of a window or less, and it becomes smaller. */
const PASSES_BEFORE_SHRINKING = 32;

export type GrowingCacheOptions = {
  rowCount: number;
  capacity: number;
  /**
   * Whether each row runs by itself over exactly its own tokens. Otherwise rows of different length share a
   * pass, each followed by places that nobody uses, which the graph has to look past.
   */
  runsRowsAlone: boolean;
  /** What unused places hold, as a number or the bits of half a one; 0 unless given. */
  blank?: number;
};

/**
 * The cache of a graph that takes its past whole, `[rows, heads, past, head size]`, and gives the new
 * tokens' keys and values. The tokens themselves lie in rows of fixed length, as in place, so that rows are moved and
 * reused in the same way. What a pass takes is a window over them, as long as its longest row: it stays
 * from pass to pass, and each takes over only what the rows have that it lacks, one token of each row
 * while they decode. Prompts have a window of their own, since their rows are of other lengths.
 *
 * A masked place counts for nothing only as long as it holds a number: its weight is 0, and 0 · NaN is
 * NaN. So windows hold zeros and tokens of their own rows, and nothing else.
 */
export class GrowingCache implements PassCache {
  readonly rowCount: number;
  readonly capacity: number;
  readonly runsRowsAlone: boolean;
  readonly #rows: KvCache;
  readonly #windows: { decode: Window; prompt: Window };
  readonly #news = new ScratchMemory();

  constructor(slots: readonly CacheSlot[], options: GrowingCacheOptions) {
    const { rowCount, capacity, runsRowsAlone, blank = 0 } = options;
    this.rowCount = rowCount;
    this.capacity = capacity;
    this.runsRowsAlone = runsRowsAlone;
    this.#rows = new KvCache(slots, rowCount, capacity);
    this.#windows = {
      decode: new Window(this.#rows, runsRowsAlone ? 1 : rowCount, blank),
      prompt: new Window(this.#rows, 1, blank),
    };
  }

  begin(pass: PassRows): PassTensors {
    const needed = Math.max(...pass.starts);
    const { inputs, pastLength } = this.runsRowsAlone
      ? this.#windows.prompt.show(pass, needed)
      : this.#windowOf(pass).showAtLeast(pass, needed);
    return { inputs, outputs: this.#listNews(pass), pastLength };
  }

  finish(pass: PassRows): void {
    const { row, rowCount, starts, length } = pass;
    for (const [index, [, tensor]] of this.#listNews(pass).entries()) {
      const block = this.#rows.blocks[index];
      assert(block && tensor.data instanceof block.data.constructor, "blocks and outputs agree");
      // Checked above: the two are of one type.
      writeNews(
        block,
        tensor.data as CacheBlock["data"],
        { row, rowCount, starts, length },
        this.capacity,
      );
    }
    for (let at = 0; at < rowCount; at++) this.#forgetFrom(row + at, starts[at] ?? 0);
  }

  copyRow(from: number, to: number, length: number): void {
    this.#rows.copyRow(from, to, length);
    this.#forgetFrom(to, 0);
  }

  swapRows(a: number, b: number, length: number): void {
    this.#rows.swapRows(a, b, length);
    this.#forgetFrom(a, 0);
    this.#forgetFrom(b, 0);
  }

  poison(): void {
    this.#rows.poison();
    for (let row = 0; row < this.rowCount; row++) this.#forgetFrom(row, 0);
  }

  #windowOf({ length }: PassRows): Window {
    return length === 1 ? this.#windows.decode : this.#windows.prompt;
  }

  /** What lies in the row from there on is no longer what the windows have of it. */
  #forgetFrom(row: number, length: number): void {
    this.#windows.decode.forgetFrom(row, length);
    this.#windows.prompt.forgetFrom(row, length);
  }

  #listNews({ rowCount, length }: PassRows): [string, TensorView][] {
    return this.#rows.blocks.map(({ slot }) => {
      const dims = [rowCount, slot.headCount, length, slot.headSize];
      return [slot.present, this.#news.take(slot.present, slot.dtype, dims)];
    });
  }
}

/**
 * Tokens of a number of rows, each layer's and kind's as one block `[rows, heads, length, head size]`. Its
 * length is the same for all; the memory is made for the longest and only touched as far as it is used.
 */
class Window {
  readonly #rows: KvCache;
  readonly #rowCountMax: number;
  readonly #blank: number;
  readonly #memory: CacheBlock["data"][];
  #length = 0;
  /** The first row, when there is memory for one alone. */
  #firstRow = 0;
  /** Tokens of each row that are there; 0 also for rows whose places must be cleared first. */
  #filled: number[];
  #smallPassCount = 0;
  readonly #shown = new Map<string, PassTensors["inputs"]>();

  constructor(rows: KvCache, rowCountMax: number, blank: number) {
    this.#rows = rows;
    this.#blank = blank;
    this.#rowCountMax = rowCountMax;
    this.#filled = new Array<number>(rowCountMax).fill(0);
    this.#memory = rows.blocks.map(({ data }) => {
      const size = (data.length / rows.rowCount) * rowCountMax;
      return data instanceof Float32Array ? new Float32Array(size) : new Uint16Array(size);
    });
  }

  forgetFrom(row: number, length: number): void {
    const at = row - this.#firstRow;
    const filled = this.#filled[at];
    // What follows in the window is another's, possibly NaN: all of the row is taken over anew.
    if (filled !== undefined && filled > length) this.#filled[at] = 0;
  }

  /** A window of a length that is kept for some time. */
  showAtLeast(
    pass: PassRows,
    needed: number,
  ): { inputs: PassTensors["inputs"]; pastLength: number } {
    const wanted = roundUp(needed, this.#rows.capacity);
    this.#smallPassCount = wanted * 2 <= this.#length ? this.#smallPassCount + 1 : 0;
    const isTooLarge = this.#smallPassCount > PASSES_BEFORE_SHRINKING || wanted === 0;
    const isKept = wanted <= this.#length && !isTooLarge;
    return this.show(pass, isKept ? this.#length : wanted);
  }

  /** The pass's rows with `length` places each. */
  show(pass: PassRows, length: number): { inputs: PassTensors["inputs"]; pastLength: number } {
    const { row, rowCount, starts } = pass;
    const isElsewhere = row < this.#firstRow || row + rowCount > this.#firstRow + this.#rowCountMax;
    if (length !== this.#length || isElsewhere) {
      this.#length = length;
      this.#firstRow = isElsewhere ? row : this.#firstRow;
      this.#filled.fill(0);
      this.#shown.clear();
      this.#smallPassCount = 0;
    }
    for (const [at, start] of starts.entries()) this.#fill(row + at, start);
    return { inputs: this.#inputsOf(row, rowCount), pastLength: length };
  }

  #fill(row: number, count: number): void {
    const at = row - this.#firstRow;
    // A row that begins anew holds less than was taken over of it.
    const kept = this.#filled[at] ?? 0;
    const filled = kept > count ? 0 : kept;
    const { capacity, blocks } = this.#rows;
    for (const [index, { slot, data }] of blocks.entries()) {
      const target = this.#memory[index];
      assert(target, "each block has its window");
      const { headCount, headSize } = slot;
      for (let head = 0; head < headCount; head++) {
        const from = (row * headCount + head) * capacity * headSize;
        const to = (at * headCount + head) * this.#length * headSize;
        copyNumbers(
          data,
          from + filled * headSize,
          target,
          to + filled * headSize,
          (count - filled) * headSize,
        );
        if (filled === 0)
          target.fill(this.#blank, to + count * headSize, to + this.#length * headSize);
      }
    }
    this.#filled[at] = count;
  }

  #inputsOf(row: number, rowCount: number): PassTensors["inputs"] {
    const key = `${row}+${rowCount}`;
    const known = this.#shown.get(key);
    if (known) return known;
    const at = row - this.#firstRow;
    const inputs = this.#rows.blocks.map(({ slot }, index) => {
      const { headCount, headSize, dtype } = slot;
      const size = headCount * this.#length * headSize;
      const data = this.#memory[index]?.subarray(at * size, (at + rowCount) * size);
      assert(data, "each block has its window");
      const dims = [rowCount, headCount, this.#length, headSize];
      return [slot.past, { type: dtype, data, dims }] as const;
    });
    this.#shown.set(key, inputs);
    return inputs;
  }
}

/** From `[rows, heads, length, size]` to each row's place behind what it holds. */
function writeNews(
  { slot, data }: CacheBlock,
  news: CacheBlock["data"],
  { row, rowCount, starts, length }: PassRows,
  capacity: number,
): void {
  const { headCount, headSize } = slot;
  const size = length * headSize;
  for (let at = 0; at < rowCount; at++) {
    for (let head = 0; head < headCount; head++) {
      const target = ((row + at) * headCount + head) * capacity + (starts[at] ?? 0);
      copyNumbers(news, (at * headCount + head) * size, data, target * headSize, size);
    }
  }
}

/** A view and a call cost as much as copying some hundred numbers one by one. */
const FEW = 256;

function copyNumbers(
  source: CacheBlock["data"],
  from: number,
  target: CacheBlock["data"],
  to: number,
  count: number,
): void {
  if (count > FEW) {
    target.set(source.subarray(from, from + count), to);
    return;
  }
  // Within bounds by the callers' arithmetic.
  for (let at = 0; at < count; at++) target[to + at] = source[from + at] as number;
}

function roundUp(length: number, capacity: number): number {
  const step = length <= LARGE_WINDOW ? WINDOW_STEP : LARGE_WINDOW_STEP;
  return Math.min(capacity, Math.ceil(length / step) * step);
}
