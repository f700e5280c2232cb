import { type CodePoints, charactersOf } from "./code-points";

/** What a text may be, as the automaton is built from it. A tree, save that nodes and rules may be shared. */
export type Expression =
  | { type: "text"; text: string }
  /** One character of a set; of an empty set: nothing matches. */
  | { type: "characters"; set: CodePoints }
  | { type: "sequence"; parts: readonly Expression[] }
  | { type: "one-of"; parts: readonly Expression[] }
  | { type: "repeat"; part: Expression; min: number; max: number }
  /** What `rule` holds; set after the rule was made, so that rules may be recursive. */
  | { type: "rule"; rule: Rule }
  /** Of `part`, which has neither rules nor free text, what does not hold `text` (ASCII). */
  | { type: "without"; part: Expression; text: string }
  | Network
  | FreeText;

export type Rule = { body: Expression };

/**
 * What several expressions match at once (`network.ts`). Its first node is its end; `start` is undefined
 * where nothing is matched.
 */
export type Network = { type: "network"; nodes: readonly NetworkNode[]; start: number | undefined };

/** Where a text may be, with the characters, as they are written, that lead on, and other nodes it is also at. */
export type NetworkNode = {
  edges: readonly { on: Expression; to: number }[];
  jumps: readonly number[];
};

/**
 * Any text in which none of `patterns` occurs, up to where one of them does (it is part of the match),
 * and then what follows that pattern.
 */
export type FreeText = {
  type: "free-text";
  patterns: readonly { text: string; after: FreeTextEnd }[];
  /** Whether it may end before a pattern has come. */
  mayEnd: boolean;
};

/** `more`: the free text goes on after `expression`, under its own rules or under those of `next`. */
export type FreeTextEnd = { expression: Expression; more?: FreeText | "same" | undefined };

export const NEVER: Expression = { type: "one-of", parts: [] };
export const NOTHING: Expression = { type: "text", text: "" };

export const text = (value: string): Expression => ({ type: "text", text: value });
export const characters = (set: CodePoints): Expression => ({ type: "characters", set });
export const anyOf = (value: string): Expression => characters(charactersOf(value));
export const sequence = (...parts: Expression[]): Expression => ({ type: "sequence", parts });
export const optional = (part: Expression): Expression => oneOf([part, NOTHING]);

export function oneOf(parts: readonly Expression[]): Expression {
  const possible = parts.filter((it) => it !== NEVER);
  const [only] = possible;
  if (only === undefined) return NEVER;
  return possible.length === 1 ? only : { type: "one-of", parts: possible };
}

export function repeat(part: Expression, min: number, max = Number.POSITIVE_INFINITY): Expression {
  return { type: "repeat", part, min, max };
}

/** The same texts, read apart from what refers to them, so that what is chained in thousands is not a call within calls. */
export function apart(body: Expression): Expression {
  return { type: "rule", rule: { body } };
}

/** Chained parts are set apart after each so many. */
export const CHAIN_LENGTH = 64;
