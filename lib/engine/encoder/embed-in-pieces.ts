import { AppError, isAppError } from "@/lib/errors";
import type { Engine } from "../engine";
import { averageVectors } from "./average-vectors";
import { expectTokenIds } from "./expect-token-ids";
import { BARE } from "./special-tokens";
import { type Overflow, splitText } from "./split-text";
import { Turns } from "./turns";

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
  const { hiddenSize, vocabularySize } = engine.model.runner.signature;
  // It says why not.
  if (hiddenSize === undefined) return engine.embed(inputs, signal);
  for (const [index, input] of inputs.entries()) {
    // All of it, also what is cut off.
    if (typeof input !== "string") {
      expectTokenIds(input, { vocabularySize, param: `inputs.${index}` });
    }
  }
  const tokenizer = { special: BARE, encodeText: (text: string) => engine.encodeText(text) };
  // The engine keeps a place for an answer.
  const contextLength = engine.model.contextLength - 1;
  const turns = new Turns(signal);
  const pieces = await turns.map(inputs, (input, index) =>
    splitText(input, { tokenizer, contextLength, overflow, param: `inputs.${index}`, turns }),
  );
  const ids = pieces.flat().map((it) => it.text.ids);
  const owners = pieces.flatMap((ofText, index) => ofText.map(() => index));
  const reply = engine.embed(ids, signal).catch((error: unknown) => {
    throw nameInput(error, owners);
  });
  const { embeddings, tokenCount } = await reply;
  const vectors = embeddings.values();
  return {
    embeddings: pieces.map((ofText) =>
      averageVectors(ofText.map(({ weight }) => ({ vector: vectors.next().value ?? [], weight }))),
    ),
    tokenCount,
  };
}

/** A refusal of a piece is one of the text that it comes from. */
function nameInput(error: unknown, owners: readonly number[]): unknown {
  const place = isAppError(error) ? /^inputs\.(\d+)$/.exec(error.param ?? "")?.[1] : undefined;
  const owner = place === undefined ? undefined : owners[Number(place)];
  if (!isAppError(error) || owner === undefined) return error;
  const { code, message } = error;
  return new AppError(code, { message, param: `inputs.${owner}`, cause: error });
}
