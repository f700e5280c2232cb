import { StartError } from "@/lib/util/start-error";
import { templateFor } from "./adapter";
import { ADAPTERS, OWN_ADAPTERS } from "./adapters";
import { FASTCHAT_DEFAULT } from "./match-adapter";
import type { TemplateFacts } from "./template-facts";
import { findTemplate, isForPrompts, TEMPLATES } from "./templates";

/** Asks for the neutral template by name. */
export const NEUTRAL = "neutral";

/** Whether somebody gives a template's own text in Jinja. */
export const isTemplateText = (word: string) => /\{[{%]/.test(word);

/** Whether what somebody names is a file, and no template's name. */
export const isTemplatePath = (word: string) =>
  !isTemplateText(word) && (/[/\\]/.test(word) || /\.(jinja2?|j2|json)$/.test(word));

/** Names of the templates that prompts can be made with, in alphabetical order. */
export const PROMPT_TEMPLATE_NAMES: readonly string[] = TEMPLATES.filter(isForPrompts)
  .map(({ name }) => name)
  .sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));

/**
 * The template that somebody names: by FastChat's own name (`vicuna_v1.1`), or by that of its family where
 * the family has one for models of all versions (`vicuna`).
 *
 * @throws StartError for a name that is none, with those that are.
 */
export function getTemplate(name: string): TemplateFacts {
  const found = findTemplate(name) ?? findByFamily(name);
  if (found && isForPrompts(found)) return found;
  throw new StartError({
    message: found
      ? `The conversation template ${name} is a transcript for a service, which no weights were trained on.`
      : `There is no conversation template ${name}.`,
    remedy: `Known are ${PROMPT_TEMPLATE_NAMES.join(", ")}.`,
  });
}

function findByFamily(name: string): TemplateFacts | undefined {
  const lower = name.toLowerCase();
  const family = [...ADAPTERS, ...OWN_ADAPTERS].find((it) => it.name === lower && !it.never);
  const template = family && templateFor(family, lower);
  return template === undefined || template === FASTCHAT_DEFAULT
    ? undefined
    : findTemplate(template);
}
