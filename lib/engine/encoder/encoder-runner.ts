import { assert } from "@/lib/util/assert";
import type { GraphBinding, GraphSession, TensorView } from "../onnx/graph-session";
import { ScratchMemory } from "../scratch-memory";
import { halvesToFloats } from "./dense-layer";
import type { EncoderSignature } from "./encoder-signature";
import { type PoolingMode, poolStates } from "./pooling";
import { toRowLength } from "./row-length";
import type { EncodedText } from "./special-tokens";

export type EncoderRunnerOptions = {
  /** For graphs that give a state a token. */
  pooling: readonly PoolingMode[];
  /** What fills up the shorter rows of a pass. */
  padId: number;
  /** Types of text that the graph has a table for; a higher one is taken for the first. */
  typeCount: number;
  /** What a row's length is made a multiple of, as far as the model reads (`row-length.ts`). */
  lengthStep: number;
  /** Tokens that the model reads. */
  contextLength: number;
};

/**
 * Passes of a graph that reads: rows of texts in, one vector (or one number a label) a text out. Shorter
 * rows are filled up at their end, which the mask tells the graph; what it gives for padding is never
 * looked at. One pass at a time.
 */
export class EncoderRunner {
  readonly signature: EncoderSignature;
  readonly #session: GraphSession;
  readonly #options: EncoderRunnerOptions;
  readonly #binding: GraphBinding;
  readonly #scratch = new ScratchMemory();

  constructor(session: GraphSession, signature: EncoderSignature, options: EncoderRunnerOptions) {
    this.#session = session;
    this.signature = signature;
    this.#options = options;
    this.#binding = session.createBinding();
  }

  async run(texts: readonly EncodedText[]): Promise<Float64Array[]> {
    const longest = Math.max(...texts.map((it) => it.ids.length));
    assert(texts.length > 0 && longest > 0, "a pass has a text and a token");
    const length = toRowLength(longest, this.#options);
    this.#bindInputs(texts, length);
    const { name, kind, type, size } = this.signature.output;
    const dims = kind === "tokens" ? [texts.length, length, size] : [texts.length, size];
    const output = this.#scratch.take(name, type, dims);
    this.#binding.bindOutput(name, output);
    await this.#binding.run();
    const data =
      output.data instanceof Uint16Array ? halvesToFloats(output.data) : toFloats(output.data);
    return texts.map(({ ids }, row) => {
      if (kind !== "tokens") return Float64Array.from(data.subarray(row * size, (row + 1) * size));
      const states = { data, offset: row * length * size, count: ids.length, size };
      return poolStates(states, this.#options.pooling);
    });
  }

  /** Ends the pass under way before its time, where that can be done; it then rejects. */
  stop(): void {
    this.#binding.terminate?.();
  }

  /** Ends the use of the session and leaves it open. */
  release(): void {
    this.#binding.close();
  }

  async close(): Promise<void> {
    this.release();
    await this.#session.close();
  }

  #bindInputs(texts: readonly EncodedText[], length: number): void {
    const { takesMask, takesTypes, takesPositions, pasts } = this.signature;
    const { padId, typeCount } = this.#options;
    this.#fill("input_ids", texts, length, (text, at) => text.ids[at] ?? padId);
    if (takesMask) {
      this.#fill("attention_mask", texts, length, (text, at) => (at < text.ids.length ? 1 : 0));
    }
    if (takesTypes) {
      this.#fill("token_type_ids", texts, length, ({ types }, at) => {
        const type = types?.[at] ?? 0;
        return type < typeCount ? type : 0;
      });
    }
    if (takesPositions) this.#fill("position_ids", texts, length, (_, at) => at);
    for (const { name, type, headCount, headSize } of pasts) {
      // Memory of one element, since native code wants an address also of what it does not read.
      const { data } = this.#scratch.take(name, type, [1]);
      const dims = [texts.length, headCount, 0, headSize];
      this.#binding.bindInput(name, { type, data: data.subarray(0, 0), dims });
    }
  }

  #fill(
    name: string,
    texts: readonly EncodedText[],
    length: number,
    pick: (text: EncodedText, at: number) => number,
  ): void {
    const tensor: TensorView = this.#scratch.take(name, this.signature.idType, [
      texts.length,
      length,
    ]);
    const { data } = tensor;
    for (const [row, text] of texts.entries()) {
      for (let at = 0; at < length; at++) {
        const value = pick(text, at);
        if (data instanceof BigInt64Array) data[row * length + at] = BigInt(value);
        else data[row * length + at] = value;
      }
    }
    this.#binding.bindInput(name, tensor);
  }
}

function toFloats(data: TensorView["data"]): Float32Array {
  assert(data instanceof Float32Array, "the output is float32 or float16");
  return data;
}
