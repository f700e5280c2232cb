import { StartError } from "@/lib/util/start-error";
import type { Conversation } from "./conversation";
import { MARKED_TEMPLATES } from "./marked-templates";
import { SERVICE_TEMPLATES } from "./service-templates";
import { SPOKEN_TEMPLATES } from "./spoken-templates";
import type { TemplateFacts } from "./template-facts";

/** Every conversation template that FastChat registers. */
export const TEMPLATES: readonly TemplateFacts[] = [
  ...SPOKEN_TEMPLATES,
  ...MARKED_TEMPLATES,
  ...SERVICE_TEMPLATES,
];

const BY_NAME = new Map(TEMPLATES.map((it) => [it.name, it]));
const BY_LOWER_NAME = new Map(TEMPLATES.map((it) => [it.name.toLowerCase(), it]));

/** The template of that name, in FastChat's own spelling or without its capitals. */
export function findTemplate(name: string): TemplateFacts | undefined {
  return BY_NAME.get(name) ?? BY_LOWER_NAME.get(name.toLowerCase());
}

/** Whether the template is one that prompts are made with. */
export function isForPrompts({ style }: TemplateFacts): boolean {
  return style !== undefined && style !== "default";
}

/**
 * The template as a conversation in which nobody has spoken yet.
 *
 * @throws StartError for the one that FastChat registers without a style.
 */
export function toConversation(facts: TemplateFacts): Conversation {
  const { name, style, roles, separator, separator2 } = facts;
  if (style === undefined) {
    throw new StartError({
      message: `The conversation template ${name} has no separator style: FastChat cannot render it either.`,
      remedy: "Name another one.",
    });
  }
  return {
    ...{ name, style },
    systemTemplate: facts.system ?? "{system_message}",
    systemMessage: facts.message ?? "",
    roles: [...roles],
    turns: (facts.turns ?? []).map(([role, text]) => ({ role, text })),
    separator: separator ?? "",
    separator2: separator2 ?? "",
    stop: [...(facts.stop ?? [])],
    stopTokenIds: [...(facts.stopIds ?? [])],
  };
}
