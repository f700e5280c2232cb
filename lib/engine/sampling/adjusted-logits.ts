import { assert } from "@/lib/util/assert";
import { applyOutputPenalties, applyRepetitionPenalty } from "./penalties";
import type { SamplingParameters } from "./sampling-parameters";
import type { SamplingState } from "./sampling-state";
import { ScratchArray } from "./scratch-array";

const idScratch = new ScratchArray((length) => new Int32Array(length));
const valueScratch = new ScratchArray((length) => new Float64Array(length));
const markScratch = new ScratchArray((length) => new Uint32Array(length));

/** The mark of the present token's ids; an older mark means not adjusted. Two values are used a token. */
let mark = 0;
const MARK_MAX = 2 ** 32 - 4;

/**
 * The few logits that bans, bias and penalties change, in double precision; all others are as the
 * model gave them. Applied in the order of vLLM: bias, repetition, then presence and frequency; a ban
 * outweighs all of them. Ids outside of the vocabulary name nothing and are passed over.
 *
 * Valid until the next one is made: the memory is shared.
 */
export class AdjustedLogits {
  /** How many ids are adjusted. */
  count = 0;
  /** The adjusted ids, each once, in no order; the first `count` entries. */
  readonly ids: Int32Array;
  readonly #all: Float32Array;
  readonly #values: Float64Array;
  readonly #marks: Uint32Array;

  constructor(all: Float32Array, parameters: SamplingParameters, state: SamplingState) {
    this.#all = all;
    this.ids = idScratch.take(all.length);
    this.#values = valueScratch.take(all.length);
    this.#marks = markScratch.take(all.length);
    if (mark > MARK_MAX) {
      this.#marks.fill(0);
      mark = 0;
    }
    mark += 2;
    for (const [id, bias] of parameters.logitBias) {
      assert(Number.isFinite(bias), "a bias is a number");
      this.#set(id, this.get(id) + bias);
    }
    this.#penalizeRepetition(parameters.repetitionPenalty, state);
    this.#penalizeOutput(parameters, state.outputCounts);
    for (const id of state.bannedIds) this.#set(id, Number.NEGATIVE_INFINITY);
  }

  has(id: number): boolean {
    // Outside of the vocabulary this compares undefined, which is false.
    return (this.#marks[id] as number) >= mark;
  }

  /** The logit of `id` after everything that changes single tokens. */
  get(id: number): number {
    // The caller's ids lie within the vocabulary, or `#set` drops what comes of them.
    return (this.has(id) ? this.#values[id] : this.#all[id]) as number;
  }

  /** The logit of `id` as the model gave it. */
  raw(id: number): number {
    return this.#all[id] as number; // The caller's ids lie within the vocabulary.
  }

  #set(id: number, value: number): void {
    if (!(id >= 0 && id < this.#all.length)) return;
    if (!this.has(id)) {
      this.ids[this.count++] = id;
      this.#marks[id] = mark;
    }
    this.#values[id] = value;
  }

  #penalizeRepetition(penalty: number, state: SamplingState): void {
    if (penalty === 1) return;
    const penalize = (id: number) => {
      // Once for each token, however often it was seen.
      if (this.#marks[id] === mark + 1) return;
      this.#set(id, applyRepetitionPenalty(this.get(id), penalty));
      if (this.has(id)) this.#marks[id] = mark + 1;
    };
    for (let index = 0; index < state.promptIds.length; index++) {
      penalize(state.promptIds[index] as number); // Within bounds by the loop's condition.
    }
    for (const id of state.outputCounts.keys()) penalize(id);
  }

  #penalizeOutput(parameters: SamplingParameters, counts: ReadonlyMap<number, number>): void {
    if (parameters.presencePenalty === 0 && parameters.frequencyPenalty === 0) return;
    for (const [id, count] of counts) {
      if (count > 0) this.#set(id, applyOutputPenalties(this.get(id), count, parameters));
    }
  }
}
