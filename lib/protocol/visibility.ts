import * as z from "zod";
import type { DrawRule } from "./arena-settings";

/**
 * Where a model can be met. Arena: battles draw it. Direct: people choose it by its name on the pages. API:
 * programs ask for it. That it is not to be had somewhere is no secret; only what is in battles alone
 * (`isAnonymousOnly`) is named nowhere.
 */
export const visibilitySchema = z.strictObject({
  arena: z.boolean(),
  direct: z.boolean(),
  api: z.boolean(),
  /** Battles alone have it, and its name is told nowhere: `direct` and `api` are false. */
  isAnonymousOnly: z.boolean(),
});

export type Visibility = z.infer<typeof visibilitySchema>;

/** Columns of what an operator said of the model; each absent one is true. */
type Said = { isDirect?: boolean | undefined; isApi?: boolean | undefined };
export type DrawnRule = Pick<DrawRule, "isAnonymousOnly" | "isOut" | "weight">;

/**
 * The one reading of the facts, each of which stands in one place: whether it is drawn and named in the rules of
 * the arena, whether pages and programs may ask for it with what is said of the model.
 *
 * @param rule undefined where the rules say nothing of it, and where it is known not to be hidden.
 */
export function visibilityOf(said: Said | undefined, rule: DrawnRule | undefined): Visibility {
  const isAnonymousOnly = rule?.isAnonymousOnly ?? false;
  return {
    arena: rule === undefined || (!rule.isOut && rule.weight > 0),
    direct: !isAnonymousOnly && (said?.isDirect ?? true),
    api: !isAnonymousOnly && (said?.isApi ?? true),
    isAnonymousOnly,
  };
}

export const VISIBILITY_WORDS = ["arena", "direct", "api"] as const;
export type VisibilityWord = (typeof VISIBILITY_WORDS)[number];

/** `arena,direct,api`, in that order; `anonymous` for what battles alone have, `none` for nowhere. */
export function formatVisibility(visibility: Visibility): string {
  if (visibility.isAnonymousOnly) return visibility.arena ? "anonymous" : "anonymous, not drawn";
  return VISIBILITY_WORDS.filter((word) => visibility[word]).join(",") || "none";
}
