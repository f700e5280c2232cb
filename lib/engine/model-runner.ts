import { type InferenceSession, Tensor } from "onnxruntime-node";
import { assert } from "@/lib/util/assert";
import {
  ATTENTION_MASK,
  type GraphSignature,
  HIDDEN_STATE,
  INPUT_IDS,
  LOGITS,
  POSITION_IDS,
} from "./onnx/graph-signature";

/** Keys and values of the tokens one sequence has run so far. Only the runner looks inside. */
export type KvCache = { readonly length: number; readonly tensors: Record<string, Tensor> };

export type ForwardOptions = {
  /** New tokens, directly after those in the cache. */
  ids: readonly number[];
  cache: KvCache;
  /** Copying logits out costs a row of the vocabulary a token: leave it to the steps that need them. */
  fetchLogits: boolean;
};

export type ForwardResult = {
  cache: KvCache;
  /** One row of the vocabulary for each new token; empty unless asked for. */
  logits: Float32Array;
};

/**
 * One forward pass over new tokens of one sequence. The cache grows with each pass: the graph returns
 * past and present joined, which is one copy of the cache a step (0.1 ms at the sizes of the bundled
 * models) and works with every export. Knows tensors, and neither queues nor sampling.
 */
export class ModelRunner {
  readonly signature: GraphSignature;
  readonly #session: InferenceSession;
  /** Ones and 0, 1, 2 …, as long as the context: inputs of every pass are views of them. */
  readonly #mask: BigInt64Array;
  readonly #positions: BigInt64Array;
  readonly #cacheOutputs: readonly string[];

  constructor(session: InferenceSession, signature: GraphSignature, contextLength: number) {
    this.#session = session;
    this.signature = signature;
    this.#mask = new BigInt64Array(contextLength).fill(1n);
    this.#positions = BigInt64Array.from({ length: contextLength }, (_, index) => BigInt(index));
    this.#cacheOutputs = signature.cacheSlots.map((slot) => slot.present);
  }

  /** The cache of a sequence that has run nothing. */
  createCache(): KvCache {
    const tensors: Record<string, Tensor> = {};
    for (const slot of this.signature.cacheSlots) {
      const dims = [1, slot.headCount, 0, slot.headSize];
      tensors[slot.past] =
        slot.dtype === "float32"
          ? new Tensor("float32", new Float32Array(0), dims)
          : new Tensor("float16", new Uint16Array(0), dims);
    }
    return { length: 0, tensors };
  }

  async forward({ ids, cache, fetchLogits }: ForwardOptions): Promise<ForwardResult> {
    const outputs = fetchLogits ? [LOGITS, ...this.#cacheOutputs] : this.#cacheOutputs;
    const results = await this.#session.run(this.#toFeeds(ids, cache), outputs);
    const tensors: Record<string, Tensor> = {};
    for (const slot of this.signature.cacheSlots) {
      tensors[slot.past] = getTensor(results, slot.present);
    }
    const logits = fetchLogits ? getFloats(results, LOGITS) : new Float32Array(0);
    assert(
      !fetchLogits || logits.length === ids.length * this.signature.vocabularySize,
      "the graph returns one row of logits a token",
    );
    return { cache: { length: cache.length + ids.length, tensors }, logits };
  }

  /** The last layer's state of each token, row by row; for embeddings. */
  async readHiddenStates(ids: readonly number[]): Promise<Float32Array> {
    assert(this.signature.hiddenSize !== undefined, "the graph has the output");
    const feeds = this.#toFeeds(ids, this.createCache());
    const rows = getFloats(await this.#session.run(feeds, [HIDDEN_STATE]), HIDDEN_STATE);
    assert(rows.length === ids.length * this.signature.hiddenSize, "one row a token");
    return rows;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #toFeeds(ids: readonly number[], cache: KvCache): Record<string, Tensor> {
    const [start, end] = [cache.length, cache.length + ids.length];
    assert(ids.length > 0, "a pass has tokens to run");
    assert(end <= this.#mask.length, "a sequence stays within the context");
    const feeds: Record<string, Tensor> = {
      ...cache.tensors,
      [INPUT_IDS]: new Tensor("int64", BigInt64Array.from(ids, BigInt), [1, ids.length]),
    };
    if (this.signature.takesAttentionMask) {
      feeds[ATTENTION_MASK] = new Tensor("int64", this.#mask.subarray(0, end), [1, end]);
    }
    if (this.signature.takesPositionIds) {
      const positions = this.#positions.subarray(start, end);
      feeds[POSITION_IDS] = new Tensor("int64", positions, [1, ids.length]);
    }
    return feeds;
  }
}

function getTensor(results: InferenceSession.OnnxValueMapType, name: string): Tensor {
  const value = results[name];
  assert(value instanceof Tensor, `the graph returned ${name}`);
  return value;
}

function getFloats(results: InferenceSession.OnnxValueMapType, name: string): Float32Array {
  const { data } = getTensor(results, name);
  assert(data instanceof Float32Array, `${name} holds float32`);
  return data;
}
