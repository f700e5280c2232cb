import { assert } from "@/lib/util/assert";
import type { Outcome } from "./outcome";

/**
 * Votes as columns: a million of them are a few typed arrays, and a rating is a pass or two over those.
 * Whoever reads votes (from files, from the database) makes this; whoever computes takes this.
 */

/** `outcome` column: the index into this list. */
export const OUTCOME_CODES = ["a", "b", "tie", "both-bad"] as const satisfies readonly Outcome[];

/** What style control holds apart from strength, in the order of the references. */
export const STYLE_FEATURES = ["tokens", "headers", "lists", "bold"] as const;
export type StyleFeature = (typeof STYLE_FEATURES)[number];

/** For each feature what both answers have of it; NaN in the first one where nobody counted. */
export type StyleColumns = Record<StyleFeature, { a: Float32Array; b: Float32Array }>;

export type VoteColumns = {
  /** Votes; every column has as many values. */
  count: number;
  /** Names or ids; what `modelA` and `modelB` index. At most 65,536. */
  models: readonly string[];
  modelA: Uint16Array;
  modelB: Uint16Array;
  outcome: Uint8Array;
  style?: StyleColumns | undefined;
};

/** The votes at `rows`, in that order; the models stay, also those without a vote now. */
export function pickVotes(votes: VoteColumns, rows: Uint32Array): VoteColumns {
  const { style } = votes;
  return {
    count: rows.length,
    models: votes.models,
    modelA: pick(votes.modelA, rows, new Uint16Array(rows.length)),
    modelB: pick(votes.modelB, rows, new Uint16Array(rows.length)),
    outcome: pick(votes.outcome, rows, new Uint8Array(rows.length)),
    style: style && {
      tokens: pickSides(style.tokens, rows),
      headers: pickSides(style.headers, rows),
      lists: pickSides(style.lists, rows),
      bold: pickSides(style.bold, rows),
    },
  };
}

type Column = Uint8Array | Uint16Array | Float32Array;

function pick<C extends Column>(from: C, rows: Uint32Array, into: C): C {
  for (let place = 0; place < rows.length; place++) {
    const value = from[rows[place] as number];
    assert(value !== undefined, "a row names a vote");
    into[place] = value;
  }
  return into;
}

function pickSides({ a, b }: { a: Float32Array; b: Float32Array }, rows: Uint32Array) {
  const of = (side: Float32Array) => pick(side, rows, new Float32Array(rows.length));
  return { a: of(a), b: of(b) };
}
