import type { Engine } from "../engine";
import { averageVectors } from "./average-vectors";
import { BARE } from "./special-tokens";
import { type Overflow, splitText } from "./split-text";

/**
 * Vectors of a model that writes, also of texts that are longer than it reads.
 *
 * @throws AppError like `Engine.embed`.
 */
export async function embedInPieces(
  engine: Engine,
  inputs: readonly (string | readonly number[])[],
  { overflow = "refuse", signal }: { overflow?: Overflow | undefined; signal: AbortSignal },
): Promise<{ embeddings: number[][]; tokenCount: number }> {
  if (overflow === "refuse" || engine.model.runner.signature.hiddenSize === undefined) {
    return engine.embed(inputs, signal);
  }
  const tokenizer = { special: BARE, encodeText: (text: string) => engine.encodeText(text) };
  // The engine keeps a place for an answer.
  const contextLength = engine.model.contextLength - 1;
  const pieces = inputs.map((input, index) =>
    splitText(input, { tokenizer, contextLength, overflow, param: `inputs.${index}` }),
  );
  const ids = pieces.flat().map((it) => it.text.ids);
  const { embeddings, tokenCount } = await engine.embed(ids, signal);
  const vectors = embeddings.values();
  return {
    embeddings: pieces.map((ofText) =>
      averageVectors(ofText.map(({ weight }) => ({ vector: vectors.next().value ?? [], weight }))),
    ),
    tokenCount,
  };
}
