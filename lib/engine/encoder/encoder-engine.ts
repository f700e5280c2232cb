import { AppError } from "@/lib/errors";
import { brokenLogits } from "../sampling/broken-logits";
import { averageVectors, toUnit } from "./average-vectors";
import { applyDense } from "./dense-layer";
import { EncoderLoop } from "./encoder-loop";
import { expectTokenIds } from "./expect-token-ids";
import { type LoadEncoderOptions, type LoadedEncoder, loadEncoder } from "./load-encoder";
import { toRowLength } from "./row-length";
import { type EncodedText, joinTexts } from "./special-tokens";
import { type Overflow, pairUp, splitText } from "./split-text";
import { encodeInTurns } from "./text-encoder";
import { Turns } from "./turns";

export type EncoderAbility = "embeddings" | "rerank" | "classify";

export type LabelScore = { label: string; score: number };

/**
 * Texts in, vectors or judgements out, for one model: an encoder, a cross-encoder or a classifier. Which
 * of them it is was read from its graph. It knows nothing of HTTP, of threads or of who asks.
 */
export class EncoderEngine {
  readonly model: LoadedEncoder;
  readonly #loop: EncoderLoop;

  /** @throws StartError when the folder cannot be served. */
  static async load(folder: string, options: LoadEncoderOptions): Promise<EncoderEngine> {
    return new EncoderEngine(await loadEncoder(folder, options));
  }

  private constructor(model: LoadedEncoder) {
    this.model = model;
    const { runner, rowsMax, lengthStep, mayMixLengths, contextLength } = model;
    this.#loop = new EncoderLoop({
      run: (texts) => runner.run(texts),
      stop: () => runner.stop(),
      rowsMax,
      rowLengthOf: (count) => toRowLength(count, { lengthStep, contextLength }),
      mayMixLengths,
    });
  }

  /** What it can be asked for. A classifier of one label is a cross-encoder as well. */
  get abilities(): EncoderAbility[] {
    if (this.model.labels.length === 0) return ["embeddings"];
    return this.model.labels.length === 1 ? ["rerank", "classify"] : ["classify"];
  }

  /** Requests under way. */
  get runningCount(): number {
    return this.#loop.jobCount;
  }

  /**
   * One vector of length one a text, and the tokens that were read.
   *
   * @throws AppError `not-supported`, `invalid-request`, `context-length-exceeded` or `overloaded`; the
   * signal's reason on abort.
   */
  async embed(
    inputs: readonly (string | readonly number[])[],
    options: { overflow?: Overflow | undefined; signal: AbortSignal },
  ): Promise<{ embeddings: number[][]; tokenCount: number }> {
    this.#expect("embeddings");
    const { overflow = "refuse", signal } = options;
    const { tokenizer, contextLength } = this.model;
    const turns = new Turns(signal);
    const pieces = await turns.map(inputs, async (input, index) => {
      const param = `inputs.${index}`;
      if (typeof input !== "string") this.#expectIds(input, param);
      return splitText(input, { tokenizer, contextLength, overflow, param, turns });
    });
    const texts = pieces.flat().map((it) => it.text);
    this.#expectKnown(texts, "inputs");
    const results = (await this.#loop.run(texts, signal)).values();
    const embeddings = pieces.map((ofText) => {
      const vectors = ofText.map(({ weight }) => ({
        vector: this.#toVector(results.next().value),
        weight,
      }));
      return averageVectors(vectors).map(round);
    });
    return { embeddings, tokenCount: countTokens(texts) };
  }

  /**
   * How well each document answers the query, from 0 to 1: the logistic function of the model's one
   * number, whatever its makers' default is (`sbert_ce_default_activation_function` says Identity for
   * some). It keeps the order, and scores of all models have one range.
   *
   * @throws AppError `not-supported`, `context-length-exceeded` or `overloaded`; the signal's reason on
   * abort.
   */
  async rerank(
    query: string,
    documents: readonly string[],
    options: { overflow?: "refuse" | "truncate" | undefined; signal: AbortSignal },
  ): Promise<{ scores: number[]; tokenCount: number }> {
    this.#expect("rerank");
    const { overflow = "truncate", signal } = options;
    const { tokenizer, contextLength } = this.model;
    const turns = new Turns(signal);
    const pairs = await pairUp(query, documents, { tokenizer, contextLength, overflow, turns });
    const texts = await turns.map(pairs, (encode) => encode());
    this.#expectKnown(texts, "documents");
    const results = await this.#loop.run(texts, signal);
    const scores = results.map(([logit = Number.NaN]) => toShare(expectFinite(logit)));
    return { scores, tokenCount: countTokens(texts) };
  }

  /**
   * For each text the model's labels, the likeliest first. The scores of a model that gives one label a
   * text add up to one; where several can hold at once each has its own.
   *
   * @throws AppError `not-supported`, `invalid-request`, `context-length-exceeded` or `overloaded`; the
   * signal's reason on abort.
   */
  async classify(
    inputs: readonly string[],
    options: { overflow?: "refuse" | "truncate" | undefined; signal: AbortSignal },
  ): Promise<{ results: LabelScore[][]; tokenCount: number }> {
    this.#expect("classify");
    const { overflow = "refuse", signal } = options;
    const { tokenizer, contextLength, labels, config } = this.model;
    const turns = new Turns(signal);
    const pieces = await turns.map(inputs, (input, index) =>
      splitText(input, { tokenizer, contextLength, overflow, param: `inputs.${index}`, turns }),
    );
    const texts = pieces.flat().map((it) => it.text);
    this.#expectKnown(texts, "inputs");
    const isApart = config.isMultiLabel || labels.length === 1;
    const results = (await this.#loop.run(texts, signal)).map((logits) => {
      const scores = isApart ? [...logits].map((it) => toShare(expectFinite(it))) : softmax(logits);
      return labels
        .map((label, index) => ({ label, score: scores[index] ?? 0 }))
        .sort((a, b) => b.score - a.score);
    });
    return { results, tokenCount: countTokens(texts) };
  }

  /**
   * Ids as the model reads this text, control tokens included unless told otherwise: what `embed` takes as ids.
   *
   * @throws the signal's reason on abort.
   */
  async encodeText(
    text: string,
    { addSpecialTokens = true, signal }: { addSpecialTokens?: boolean; signal: AbortSignal },
  ): Promise<number[]> {
    if (text === "") return [];
    const { tokenizer } = this.model;
    const ids = await encodeInTurns(tokenizer, text, signal);
    return addSpecialTokens ? joinTexts(tokenizer.special.single, [ids]).ids : ids;
  }

  /** @throws AppError `invalid-request` for what is no token. */
  decode(ids: readonly number[]): string {
    this.#expectIds(ids, "ids");
    return this.model.tokenizer.decode(ids);
  }

  /** Ends every request and gives the graph's memory back. */
  async close(): Promise<void> {
    await this.#loop.close();
    await this.model.runner.close();
  }

  #expect(ability: EncoderAbility): void {
    if (this.abilities.includes(ability)) return;
    throw new AppError("not-supported", {
      message: `The model ${this.model.files.name} cannot be asked for ${ability}: by its graph it is for ${this.abilities.join(" and ")}.`,
      param: "model",
    });
  }

  #expectIds(ids: readonly number[], param: string): void {
    expectTokenIds(ids, { vocabularySize: this.model.vocabularySize, param });
  }

  /** A tokenizer can have tokens that the graph was not made for. */
  #expectKnown(texts: readonly EncodedText[], param: string): void {
    for (const { ids } of texts) this.#expectIds(ids, param);
  }

  /** What follows the pooling, and length one. */
  #toVector(pooled: Float64Array | undefined): Float64Array {
    let vector = pooled ?? new Float64Array();
    if (this.model.runner.signature.output.kind === "tokens") {
      for (const layer of this.model.config.dense) vector = applyDense(layer, vector);
    }
    return toUnit(vector);
  }
}

/**
 * Eight digits after the point: a twentieth of what the last bit of a float32 is worth at one, and half the
 * bytes of a double in JSON, of which 2,048 vectors have millions.
 */
function round(value: number): number {
  return Math.round(value * 1e8) / 1e8;
}

function toShare(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function softmax(logits: Float64Array): number[] {
  const highest = Math.max(...logits);
  const shares = [...logits].map((it) => Math.exp(expectFinite(it) - highest));
  const sum = shares.reduce((total, it) => total + it, 0);
  return shares.map((it) => it / sum);
}

function expectFinite(logit: number): number {
  if (Number.isFinite(logit)) return logit;
  throw brokenLogits(logit);
}

function countTokens(texts: readonly EncodedText[]): number {
  return texts.reduce((sum, { ids }) => sum + ids.length, 0);
}
