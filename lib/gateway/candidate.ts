import type { Likeness } from "@/lib/controller/explain-absence";
import type { ModelDefaults } from "@/lib/protocol/catalog";

/** A target of an alias at one version of it, by which its successes and failures are counted. */
export type AliasTarget = { alias: string; version: number; model: string };

/** A model that may answer a request, and how it came to that. */
export type Candidate = {
  model: string;
  /** What led to it: the name that was said in this place, and aliases on the way. */
  names: readonly string[];
  /** Of each alias on the way, the target that was taken. */
  targets: readonly AliasTarget[];
  /** Parameters for a request that names none. */
  defaults: ModelDefaults;
  /**
   * Another target of an alias than the one that was drawn. It answers where that one fails, and not where
   * that one is merely full: weights say who gets how much, also of a rush.
   */
  isSpare: boolean;
  /** Only workers that write what others of this kind do; undefined: whichever offer the model. */
  like?: Likeness | undefined;
  /** Why, in a sentence; undefined for the very model that was asked for. */
  why: string | undefined;
};

/** Of a model of which operators said nothing. */
export const NO_DEFAULTS: ModelDefaults = {};

/** What a request comes to: who answers, in order, and who gets a copy. */
export type RoutePlan = { candidates: readonly Candidate[]; mirrors: readonly string[] };

/** Exactly this model: no alias, no other one in its place. As in a battle, whose votes are about models. */
export function pinTo(model: string, like?: Likeness): Candidate {
  const names = [model];
  const defaults = NO_DEFAULTS;
  return { model, names, targets: [], defaults, isSpare: false, like, why: undefined };
}

/** Whether a key with this list of names may use `model`, come to by `names`. No list allows all. */
export function mayUse(
  allowed: readonly string[] | undefined,
  model: string,
  names: readonly string[] = [],
): boolean {
  return allowed === undefined || [model, ...names].some((it) => allowed.includes(it));
}
