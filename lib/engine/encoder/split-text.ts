import { AppError } from "@/lib/errors";
import { countSpecial, type EncodedText, joinTexts, type TemplatePart } from "./special-tokens";
import { encodeStart, type TextEncoder } from "./text-encoder";
import type { Turns } from "./turns";

/** What becomes of a text that is longer than the model reads. */
export type Overflow = "refuse" | "truncate" | "average";

/** A part of a text as the model reads it, and the tokens of the text itself in it. */
export type Piece = { text: EncodedText; weight: number };

export type SplitOptions = {
  tokenizer: TextEncoder;
  /** Tokens that the model reads, control tokens included. */
  contextLength: number;
  overflow: Overflow;
  /**
   * Where in the request the text is, for errors. Their messages do not repeat it: who asked may count
   * otherwise, and call the field by another name.
   */
  param: string;
  turns: Turns;
};

/**
 * What the model is to read for one text: one piece, or several of the model's length for `average`. Each
 * has the control tokens of a whole text, those at the end included.
 *
 * @throws AppError `context-length-exceeded`, or `invalid-request` when nothing is left to read; the
 * reason of the turns' signal.
 */
export async function splitText(
  input: string | readonly number[],
  options: SplitOptions,
): Promise<Piece[]> {
  const { tokenizer, contextLength, overflow, param } = options;
  const { parts, body } =
    typeof input === "string"
      ? { parts: tokenizer.special.single, body: await encodeBody(input, options) }
      : takeApart(input, tokenizer.special.single);
  const room = contextLength - countSpecial(parts);
  if (body.length > room && overflow === "refuse") {
    throw tooLong({ param, contextLength, isText: typeof input === "string" });
  }
  const bodies: (readonly number[])[] = [];
  const end = overflow === "average" ? Math.max(1, body.length) : 1;
  for (let start = 0; start < end; start += room) bodies.push(body.slice(start, start + room));
  const pieces = bodies.map((it) => ({ text: joinTexts(parts, [it]), weight: it.length }));
  if (pieces.every((it) => it.text.ids.length > 0)) return pieces;
  throw new AppError("invalid-request", {
    message: "There is no text to read.",
    param,
  });
}

/** No more of the text than can matter: all of it only where all of it is read. */
function encodeBody(
  text: string,
  { tokenizer, contextLength, overflow, turns }: SplitOptions,
): Promise<readonly number[]> {
  const countMax = overflow === "average" ? Number.POSITIVE_INFINITY : contextLength + 1;
  return encodeStart(tokenizer, text, { countMax, turns });
}

/** Ids are read as they are; the control tokens that they begin and end with stay where they belong. */
function takeApart(
  ids: readonly number[],
  parts: readonly TemplatePart[],
): { parts: readonly TemplatePart[]; body: readonly number[] } {
  const place = parts.findIndex((it) => it.kind === "text");
  const before = parts.slice(0, place);
  const after = parts.slice(place + 1);
  const matches = (part: TemplatePart, id: number | undefined) =>
    part.kind === "special" && part.id === id;
  const begins = before.every((part, index) => matches(part, ids[index]));
  const ends = after.every((part, index) => matches(part, ids[ids.length - after.length + index]));
  if (!begins || !ends || ids.length < before.length + after.length) {
    return { parts: [{ kind: "text", which: 0, type: 0 }], body: ids };
  }
  return { parts, body: ids.slice(before.length, ids.length - after.length) };
}

function tooLong(of: { param: string; contextLength: number; isText: boolean }): AppError {
  const { param, contextLength, isText } = of;
  const besides = isText ? ", control tokens included" : "";
  return new AppError("context-length-exceeded", {
    message: `This text is longer than the model reads: ${contextLength} tokens${besides}. Shorten it, or say by \`overflow\` that it may be cut.`,
    param,
  });
}

export type PairOptions = Omit<SplitOptions, "overflow" | "param"> & {
  overflow: "refuse" | "truncate";
};

/**
 * The query beside each document. Documents are cut to the room that the query leaves; the query never is.
 *
 * @throws AppError `context-length-exceeded` naming the query, or the document that may not be cut;
 * the reason of the turns' signal.
 */
export async function pairUp(
  query: string,
  documents: readonly string[],
  { tokenizer, contextLength, overflow, turns }: PairOptions,
): Promise<(() => Promise<EncodedText>)[]> {
  const parts = tokenizer.special.pair;
  const queryIds = await encodeStart(tokenizer, query, { countMax: contextLength + 1, turns });
  const room = contextLength - countSpecial(parts) - queryIds.length;
  if (room < 1) {
    throw new AppError("context-length-exceeded", {
      message: `The query leaves no room for a document in the ${contextLength} tokens that this model reads, control tokens included. Shorten the query.`,
      param: "query",
    });
  }
  // One at a time, when asked for: a thousand of them take the thread for a second.
  return documents.map((document, index) => async () => {
    const ids = await encodeStart(tokenizer, document, { countMax: room + 1, turns });
    if (ids.length > room && overflow === "refuse") {
      throw new AppError("context-length-exceeded", {
        message: `This document is longer than the ${room} tokens that the query leaves of the ${contextLength} that this model reads. Shorten it, or say by \`overflow\` that it may be cut.`,
        param: `documents.${index}`,
      });
    }
    return joinTexts(parts, [queryIds, ids.slice(0, room)]);
  });
}
