/** A rule over a model's name or path, as FastChat's adapters have them: all that is given must hold. */
export type NameRule = {
  /** At least one of these stands in it, whatever its case. */
  any?: readonly string[];
  /** All of these stand in it. */
  all?: readonly string[];
  /** None of these does. */
  none?: readonly string[];
  /** It is one of these, to the letter. */
  exact?: readonly string[];
  /** As it is written, case and all. */
  pattern?: RegExp;
};

/** One of FastChat's adapters (fastchat/model/model_adapter.py), and how far its word is taken. */
export type Adapter = {
  name: string;
  match: NameRule;
  /** The first whose rule holds; a rule of `{}` always does. */
  templates: readonly (readonly [NameRule, template: string])[];
  /**
   * The name is also an ordinary word, or stands in names of what others trained on the same weights: then
   * every word of a model's name must be accounted for.
   */
  isCommon?: true;
  /** Words besides sizes, versions and forms that names of the family have. */
  words?: readonly string[];
  /** What tells the family's chat models from the weights that they were made from. */
  says?: RegExp;
  /** Which generations were trained on the template, over the name in lower case. */
  only?: RegExp;
  not?: RegExp;
  /** `model_type` of config.json. */
  types?: RegExp;
  /** Why a model folder never gets the template by its name. */
  never?: string;
};

/** As FastChat's `match` has it: bits of text, wherever they stand. */
export function holds(rule: NameRule, path: string): boolean {
  const { any, all = [], none = [], exact, pattern } = rule;
  const lower = path.toLowerCase();
  return (
    (!any || any.some((it) => lower.includes(it))) &&
    all.every((it) => lower.includes(it)) &&
    !none.some((it) => lower.includes(it)) &&
    (!exact || exact.includes(path)) &&
    (!pattern || pattern.test(path))
  );
}

/** The template that an adapter has for a model of this name. */
export function templateFor({ templates }: Adapter, path: string): string | undefined {
  return templates.find(([rule]) => holds(rule, path))?.[1];
}

/** One template, whatever the name says besides. */
export const always = (template: string): Adapter["templates"] => [[{}, template]];
/** A rule that asks for one of these. */
export const named = (...any: string[]): NameRule => ({ any });

/** Reasons why a folder never gets a template by its name. */
export const NEVER = {
  service: "it is the name of a service's model, which brings no weights",
  reader: "models of this name read texts and write none",
  transcript: "FastChat keeps a transcript for a service under this name, and no prompt",
} as const;

/** A word of names that tells chat models from what they were made of. */
export const SAYS_CHAT = /^(chat|instruct|it)$/;
