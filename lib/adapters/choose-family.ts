import { FAMILY_NAME_CHARACTERS_MAX } from "@/lib/limits";
import { type Adapter, holds, templateFor } from "./adapter";
import { ADAPTERS, OWN_ADAPTERS } from "./adapters";
import { type AdapterMatch, baseName, FASTCHAT_DEFAULT, matchAdapter } from "./match-adapter";
import { isPlainWord, isRawWord, standsAlone, toWords, withoutWord } from "./name-words";
import type { TemplateFacts } from "./template-facts";
import { findTemplate, isForPrompts } from "./templates";

export type ModelFacts = {
  /** Its folder's name, or its id on a hub. */
  name: string;
  /** `model_type` of config.json. */
  modelType?: string | undefined;
  /** Whether its vocabulary has this token; unless given, it is believed to. */
  hasToken?: ((token: string) => boolean) | undefined;
};

export type FamilyChoice = {
  /** What FastChat would take by this name; undefined: none of its families. */
  fastchat: AdapterMatch | undefined;
} & (
  | { template: TemplateFacts; adapter: Adapter; doubt?: undefined }
  /** Why it is no family's, a clause. */
  | { template?: undefined; doubt: string }
);

/**
 * The template that a model's name says it was trained on. FastChat's answer is taken or none: its rules look
 * for bits of text wherever they stand, so that `prompt-tuned` is MPT and any training on Mistral's weights
 * is Mistral's own. Taken is a name that stands there as a word, is the only family's, names its chat models
 * and a generation that the template was made for, and does not contradict configuration and vocabulary.
 */
export function chooseFamily(model: ModelFacts): FamilyChoice {
  const name = baseName(model.name);
  if (name.length > FAMILY_NAME_CHARACTERS_MAX) {
    return { fastchat: undefined, doubt: "its name is longer than those of models are" };
  }
  const fastchat = matchAdapter(model.name);
  const own = OWN_ADAPTERS.find((it) => holds(it.match, name));
  const match = own ? toMatch(own, name) : fastchat;
  if (!match) return { fastchat, doubt: "no family is known by its name" };
  const { adapter } = match;
  const template = findTemplate(match.template);
  const doubt =
    adapter.never ??
    findNameDoubt(adapter, name) ??
    (template && findModelDoubt(adapter, template, model));
  if (doubt !== undefined) return { fastchat, doubt };
  if (!template || !isForPrompts(template) || template.name === FASTCHAT_DEFAULT) {
    return { fastchat, doubt: `FastChat has no template of the family ${adapter.name} itself` };
  }
  return { fastchat, adapter, template };
}

function toMatch(adapter: Adapter, name: string): AdapterMatch | undefined {
  const template = templateFor(adapter, name);
  return template === undefined ? undefined : { adapter, template };
}

function findNameDoubt(adapter: Adapter, name: string): string | undefined {
  const found = findOwnWords(adapter, name);
  if (!found) return `the family ${adapter.name} stands in its name by accident only`;
  const rest = found.reduce(withoutWord, name);
  const words = toWords(rest);
  const raw = words.find(isRawWord);
  if (raw !== undefined) return `its name says \`${raw}\`: weights that were not taught to chat`;
  const lower = name.toLowerCase();
  if ((adapter.only && !adapter.only.test(lower)) || adapter.not?.test(lower)) {
    return `the template of ${adapter.name} was made for other models of the family`;
  }
  const other = findOther(adapter, name, rest);
  if (other) return `its name says ${adapter.name} as well as ${other.name}`;
  const says = adapter.says;
  if (says && !words.some((word) => says.test(word))) {
    return `its name is that of ${adapter.name}, and does not say that it was taught to chat`;
  }
  if (!adapter.isCommon) return undefined;
  const unknown = words.filter((word) => !isPlainWord(word) && !adapter.words?.includes(word));
  if (unknown.length === 0) return undefined;
  const told = unknown.map((word) => `\`${word}\``).join(", ");
  return `its name says more than ${adapter.name} (${told}): it may be somebody's own training, with turns of its own`;
}

/** The bits of an adapter's rule as they stand in the name as words; undefined where they do not. */
function findOwnWords({ match }: Adapter, name: string): string[] | undefined {
  const { any = [], all = [], exact = [], pattern } = match;
  if (exact.includes(name)) return [name.toLowerCase()];
  const one = any.filter((it) => standsAlone(name, it)).sort((a, b) => b.length - a.length);
  if (any.length > 0 && one.length === 0) return undefined;
  if (!all.every((it) => standsAlone(name, it))) return undefined;
  const matched = pattern && /[a-z][a-z0-9.-]*/i.exec(pattern.exec(name)?.[0] ?? "")?.[0];
  return [...one, ...all, ...(matched ? [matched.toLowerCase()] : [])];
}

/** Another family of chat models that the rest of the name speaks of, and that wants another template. */
function findOther(adapter: Adapter, name: string, rest: string): Adapter | undefined {
  const template = templateFor(adapter, name);
  return ADAPTERS.find(
    (it) =>
      it !== adapter &&
      // Weights that many families were made from are no second family.
      (!it.isCommon || it.says === undefined) &&
      it.never === undefined &&
      templateFor(it, name) !== template &&
      holds(it.match, rest) &&
      findOwnWords(it, rest) !== undefined,
  );
}

function findModelDoubt(
  adapter: Adapter,
  template: TemplateFacts,
  { modelType, hasToken }: ModelFacts,
): string | undefined {
  if (modelType !== undefined && adapter.types && !adapter.types.test(modelType)) {
    return `config.json says that it is of the kind ${modelType}, which no ${adapter.name} is`;
  }
  const missing = hasToken && template.tokens?.find((token) => !hasToken(token));
  if (missing === undefined) return undefined;
  return `its vocabulary has no ${missing}, which the template of ${adapter.name} writes`;
}
