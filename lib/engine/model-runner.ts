import { AppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import type { PassCache } from "./kv-cache";
import type { LoraAdapter } from "./lora/lora-adapter";
import type { GraphBinding, GraphSession, TensorView } from "./onnx/graph-session";
import { type GraphSignature, TENSOR } from "./onnx/graph-signature";
import { copyLogits, type TokenLogits } from "./sampling/token-logits";
import { ScratchMemory } from "./scratch-memory";

/** Which of a chunk's tokens get logits: a row of the vocabulary each, which costs a pass of the head. */
export type LogitsWanted = "last" | "all";

export type PrefillOptions = {
  row: number;
  /** Tokens of the prompt that already lie in the row. */
  start: number;
  ids: readonly number[];
  logits: LogitsWanted;
  /** Of the request, when its next token is to be drawn from the whole vocabulary. */
  temperature?: number | undefined;
  /** The adapter that its sequence was asked of. */
  adapter?: LoraAdapter | undefined;
};

export type DecodeOptions = {
  /** The first of the rows; unless given, 0. */
  row?: number;
  /** The newest token of the sequences in that row and those after it. */
  ids: readonly number[];
  /** Tokens that lie in each of those rows. */
  lengths: readonly number[];
  /** Of each request; undefined for those that need no draw from the whole vocabulary. */
  temperatures: readonly (number | undefined)[];
  /** Tokens that lie in the row after them: behind those a row that only fills up may write. */
  spareLength?: number;
  /** The one that all of them were asked of. */
  adapter?: LoraAdapter | undefined;
};

export type RunnerOptions = {
  cache: PassCache;
  /**
   * Fills decode passes up to an even number of rows (`batch-invariance.ts`). The cache then has an even
   * number of rows.
   */
  padsToEven?: boolean;
  /**
   * The same for passes with an adapter: weights that come as inputs are not prepacked, and one row of them
   * takes another kernel than several.
   */
  padsAdapters?: boolean;
};

/** Logits of a pass, one entry a token asked for. Overwritten by the next pass. */
export type PassLogits = {
  readonly count: number;
  at(index: number): TokenLogits;
  /** Time of the pass itself, without the wait for its turn. */
  readonly durationMs: number;
};

type Pass = {
  row: number;
  rowCount: number;
  /** New tokens of each row, row by row. */
  ids: readonly number[];
  /** Tokens that each row holds before. */
  starts: readonly number[];
  positions: readonly number[];
  temperatures: readonly (number | undefined)[];
  adapter: LoraAdapter | undefined;
};

/** What is bound where; a tensor that is bound already is not bound again. */
type RowsBinding = { binding: GraphBinding; inputs: Map<string, TensorView>; outputs: typeof none };
const none = new Map<string, TensorView>();

/**
 * Forward passes over rows of the KV cache: a chunk of one prompt, or one token of each decoding
 * sequence. Knows tensors and memory, and neither queues nor sampling. One pass at a time; callers
 * that come meanwhile wait.
 */
export class ModelRunner {
  readonly signature: GraphSignature;
  readonly cache: PassCache;
  readonly #session: GraphSession;
  readonly #padsToEven: boolean;
  readonly #padsAdapters: boolean;
  readonly #scratch = new ScratchMemory();
  readonly #bindings = new Map<string, RowsBinding>();
  /** Ends when the last pass asked for so far has ended. */
  #tail: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(session: GraphSession, signature: GraphSignature, options: RunnerOptions) {
    this.#session = session;
    this.signature = signature;
    this.cache = options.cache;
    this.#padsToEven = options.padsToEven ?? false;
    this.#padsAdapters = options.padsAdapters ?? false;
  }

  /** Runs `ids` of one prompt after the `start` tokens that its row holds. */
  async prefill(options: PrefillOptions): Promise<PassLogits> {
    const { row, start, logits, temperature, adapter } = options;
    const positions = logits === "all" ? [...options.ids.keys()] : [options.ids.length - 1];
    // A token after the chunk changes nothing before it, and the next pass overwrites what it leaves.
    // Attention over one token, or over one that is left over from its last tile, is another kernel than
    // over several, with other last bits: no chunk has an odd number.
    const isOdd = options.ids.length % 2 === 1;
    const ids = isOdd ? [...options.ids, 0] : options.ids;
    const pass = {
      ...{ row, rowCount: 1, ids, starts: [start], positions },
      ...{ temperatures: [temperature], adapter },
    };
    return this.#exclusively(() => this.#run(pass));
  }

  /** Runs one token of each of a number of rows that lie one after the other. */
  async decode(options: DecodeOptions): Promise<PassLogits> {
    const { row = 0, ids, lengths, temperatures, spareLength = 0, adapter } = options;
    const padsToEven = this.#padsToEven || (this.#padsAdapters && adapter !== undefined);
    const isPadded = padsToEven && ids.length % 2 === 1;
    const pass = {
      ...{ row, rowCount: ids.length + (isPadded ? 1 : 0), positions: [0] },
      ids: isPadded ? [...ids, 0] : ids,
      starts: isPadded ? [...lengths, spareLength] : lengths,
      ...{ temperatures, adapter },
    };
    return this.#exclusively(() =>
      this.cache.runsRowsAlone ? this.#runEach(pass) : this.#run(pass),
    );
  }

  /**
   * The last layer's state of each new token, row by row; for embeddings. The text lies in row 0 of a
   * cache of its own, so that no row of those who write is touched.
   *
   * @throws the signal's reason when it aborts before the pass has its turn.
   */
  async readHiddenStates(
    { ids, start, cache }: { ids: readonly number[]; start: number; cache: PassCache },
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const size = this.signature.hiddenSize;
    assert(size !== undefined, "the graph has the output");
    // Even, like a chunk of a prompt, as far as the row goes.
    const isPadded = ids.length % 2 === 1 && start + ids.length < cache.capacity;
    const read = isPadded ? [...ids, 0] : ids;
    const rows = { row: 0, rowCount: 1, starts: [start], length: read.length };
    const pass = { ...rows, ids: read, positions: [0], temperatures: [], adapter: undefined };
    return this.#exclusively(async () => {
      signal.throwIfAborted();
      const binding = this.#session.createBinding();
      try {
        const memory = cache.begin(rows);
        const fed = this.#fillInputs(pass, memory.pastLength);
        for (const [name, tensor] of [...memory.inputs, ...fed]) binding.bindInput(name, tensor);
        for (const [name, tensor] of memory.outputs) binding.bindOutput(name, tensor);
        const data = new Float32Array(read.length * size);
        const dims = [1, read.length, size];
        binding.bindOutput(TENSOR.hiddenState, { type: "float32", data, dims });
        await binding.run();
        cache.finish(rows);
        return data.subarray(0, ids.length * size);
      } finally {
        binding.close();
      }
    });
  }

  /** Ends the use of the session and leaves it open for others. */
  async release(): Promise<void> {
    await this.#exclusively(async () => {
      for (const { binding } of this.#bindings.values()) binding.close();
      this.#bindings.clear();
    });
  }

  /** Ends everything; who comes later hears that the model is gone. */
  async close(): Promise<void> {
    await this.release();
    this.#isClosed = true;
    await this.#tail;
    await this.#session.close();
  }

  /** In order of asking, and on after a pass that failed: its own caller hears of that. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      const message = "The model is being shut down. Try again; another worker answers.";
      return Promise.reject(new AppError("worker-lost", { message }));
    }
    const turn = this.#tail.then(work);
    // The caller hears of a failure; those after it only have to know that it is over.
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #run(pass: Pass): Promise<PassLogits> {
    const { row, rowCount, starts, ids } = pass;
    const rows = { row, rowCount, starts, length: ids.length / rowCount };
    const memory = this.cache.begin(rows);
    const { binding, inputs, outputs } = this.#bindingOf(pass);
    const fed = this.#fillInputs(pass, memory.pastLength);
    const results = this.#takeOutputs(pass);
    for (const [name, tensor] of [...memory.inputs, ...fed]) {
      if (inputs.get(name) === tensor) continue;
      binding.bindInput(name, tensor);
      inputs.set(name, tensor);
    }
    for (const [name, tensor] of [...memory.outputs, ...results.entries]) {
      if (outputs.get(name) === tensor) continue;
      binding.bindOutput(name, tensor);
      outputs.set(name, tensor);
    }
    const startedAtMs = performance.now();
    await binding.run();
    this.cache.finish(rows);
    return { ...results.logits, durationMs: performance.now() - startedAtMs };
  }

  /** Each row in a pass of its own, for graphs that cannot do otherwise. */
  async #runEach(pass: Pass): Promise<PassLogits> {
    const kept: TokenLogits[] = [];
    let durationMs = 0;
    for (let at = 0; at < pass.rowCount; at++) {
      const logits = await this.#run({
        ...{ row: pass.row + at, rowCount: 1, ids: pass.ids.slice(at, at + 1) },
        ...{ starts: pass.starts.slice(at, at + 1), positions: pass.positions },
        ...{ temperatures: pass.temperatures.slice(at, at + 1), adapter: pass.adapter },
      });
      durationMs += logits.durationMs;
      if (at < pass.temperatures.length) kept.push(copyLogits(logits.at(0)));
    }
    const find = (index: number) => {
      const found = kept[index];
      assert(found, "logits were asked for there");
      return found;
    };
    return { count: kept.length, at: find, durationMs };
  }

  /** One for each adapter, too: a tensor that was bound cannot be unbound. */
  #bindingOf({ row, rowCount, adapter }: Pass): RowsBinding {
    const key = `${row}+${rowCount} ${adapter?.name ?? ""}`;
    const present = this.#bindings.get(key);
    if (present) return present;
    const binding = this.#session.createBinding();
    for (const [name, tensor] of adapter?.tensors ?? none) binding.bindInput(name, tensor);
    const created = { binding, inputs: new Map(), outputs: new Map() };
    this.#bindings.set(key, created);
    return created;
  }

  #fillInputs(pass: Pass, pastLength: number | undefined): [string, TensorView][] {
    const { rowCount, ids, starts, positions, temperatures } = pass;
    const length = ids.length / rowCount;
    const { signature } = this;
    const longest = Math.max(...starts) + length;
    assert(length > 0 && Number.isInteger(length), "each row has as many new tokens");
    // onnxruntime's TopK over no rows at all divides by zero and takes the process with it.
    assert(positions.length > 0, "a pass gives logits");
    assert(longest <= this.cache.capacity, "a sequence stays within its row");
    const idTensor = this.#scratch.take(TENSOR.inputIds, "int64", [rowCount, length]);
    for (const [index, id] of ids.entries()) idTensor.data[index] = BigInt(id);
    const inputs: [string, TensorView][] = [
      [TENSOR.inputIds, idTensor],
      [TENSOR.attentionMask, this.#fillMask(TENSOR.attentionMask, pass, pastLength)],
    ];
    if (signature.takesPlacedMask) {
      const placed = this.#fillMask(TENSOR.placedMask, pass, Math.max(...starts));
      inputs.push([TENSOR.placedMask, placed]);
    }
    if (signature.takesPositionIds) {
      const tensor = this.#scratch.take(TENSOR.positionIds, "int64", [rowCount, length]);
      for (const index of ids.keys()) {
        const start = starts[Math.floor(index / length)] ?? 0;
        tensor.data[index] = BigInt(start + (index % length));
      }
      inputs.push([TENSOR.positionIds, tensor]);
    }
    if (signature.hasLogitsPositions) {
      const tensor = this.#scratch.take(TENSOR.logitsPositions, "int64", [positions.length]);
      for (const [index, position] of positions.entries()) tensor.data[index] = BigInt(position);
      inputs.push([TENSOR.logitsPositions, tensor]);
    }
    if (signature.blockSize !== undefined) {
      const wants = this.#scratch.take(TENSOR.wantsBlockSums, "bool", [1]);
      wants.data[0] = temperatures.some((it) => it !== undefined) ? 1 : 0;
      const inverse = this.#scratch.take(TENSOR.inverseTemperatures, "float32", [rowCount]);
      for (let row = 0; row < rowCount; row++) inverse.data[row] = 1 / (temperatures[row] ?? 1);
      inputs.push([TENSOR.wantsBlockSums, wants], [TENSOR.inverseTemperatures, inverse]);
    }
    return inputs;
  }

  /**
   * `[rows, places]`, 1 where a row has a token. New tokens follow each row's own, or all of them the
   * `pastLength` places of which each row fills its first ones.
   */
  #fillMask(
    name: typeof TENSOR.attentionMask | typeof TENSOR.placedMask,
    { ids, starts, rowCount }: Pass,
    pastLength: number | undefined,
  ): TensorView {
    const length = ids.length / rowCount;
    // Rows end at different places: what lies beyond a row's own end is masked out.
    const width = (pastLength ?? Math.max(...starts)) + length;
    const mask = this.#scratch.take(name, "int64", [rowCount, width]);
    mask.data.fill(0n);
    for (const [row, start] of starts.entries()) {
      const first = row * width;
      const news = first + (pastLength ?? start);
      mask.data.fill(1n, first, first + start);
      mask.data.fill(1n, news, news + length);
    }
    return mask;
  }

  /** Where the results go, and how they are read afterwards. */
  #takeOutputs(pass: Pass): {
    entries: [string, TensorView][];
    logits: Omit<PassLogits, "durationMs">;
  } {
    const { rowCount, ids, positions, temperatures } = pass;
    const { vocabularySize, topCount, blockSize, hasLogitsPositions } = this.signature;
    // A graph as it was published gives logits of all tokens, wanted or not.
    const perRow = hasLogitsPositions ? positions.length : ids.length / rowCount;
    const take = <Type extends "float32" | "int64">(name: string, type: Type, width: number) =>
      this.#scratch.take(name, type, [rowCount, perRow, width]);
    const all = take(TENSOR.logits, "float32", vocabularySize);
    const entries: [string, TensorView][] = [[TENSOR.logits, all]];
    const topIds = topCount ? take(TENSOR.topIds, "int64", topCount) : undefined;
    const topValues = topCount ? take(TENSOR.topValues, "float32", topCount) : undefined;
    if (topIds && topValues) entries.push([TENSOR.topIds, topIds], [TENSOR.topValues, topValues]);
    const blockCount = blockSize ? Math.ceil(vocabularySize / blockSize) : 0;
    const sums = blockSize ? take(TENSOR.blockSums, "float32", blockCount) : undefined;
    if (sums) entries.push([TENSOR.blockSums, sums]);
    const at = (index: number): TokenLogits => {
      const row = Math.floor(index / positions.length);
      const position = hasLogitsPositions
        ? index % positions.length
        : positions[index % positions.length];
      assert(row < rowCount && position !== undefined, "logits were asked for there");
      const entry = row * perRow + position;
      return {
        all: part(all.data, entry, vocabularySize),
        top:
          topIds && topValues && topCount
            ? {
                ids: part(topIds.data, entry, topCount),
                values: part(topValues.data, entry, topCount),
              }
            : undefined,
        blocks:
          sums && blockSize && temperatures[row] !== undefined
            ? { blockSize, sums: part(sums.data, entry, blockCount) }
            : undefined,
      };
    };
    return { entries, logits: { count: temperatures.length * positions.length, at } };
  }
}

function part<T extends Float32Array | BigInt64Array>(data: T, index: number, width: number): T {
  // A part of an array has its type; the declaration of `subarray` on a union does not say so.
  return data.subarray(index * width, (index + 1) * width) as T;
}
