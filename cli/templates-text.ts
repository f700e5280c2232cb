import { ADAPTERS, OWN_ADAPTERS } from "@/lib/adapters/adapters";
import type { FamilyChoice } from "@/lib/adapters/choose-family";
import type { TemplateFacts } from "@/lib/adapters/template-facts";
import { plainLine, textTable } from "./text-table";

/** Conversation templates as text and as JSON. */

const HEADS = ["Template", "Style", "Families"];

/** Families that a template is for, as their rules name them. */
export function familiesOf({ name }: TemplateFacts): string[] {
  return [...ADAPTERS, ...OWN_ADAPTERS]
    .filter(({ templates }) => templates.some(([, template]) => template === name))
    .map((adapter) => adapter.name);
}

export function templatesTable(templates: readonly TemplateFacts[]): string {
  const rows = templates.map((it) => [it.name, it.style ?? "none", familiesOf(it).join(", ")]);
  return textTable([HEADS, ...rows]);
}

/**
 * A template's facts as FastChat's record of it, which `--chat-template` reads back from a file; a system
 * message of `null` is one that is left out here.
 */
export function templateJson(facts: TemplateFacts): object {
  return {
    name: facts.name,
    sep_style: facts.style?.toUpperCase().replaceAll("-", "_") ?? null,
    roles: facts.roles,
    system_template: facts.system ?? "{system_message}",
    system_message: facts.message ?? (facts.messageLength === undefined ? "" : null),
    system_message_characters: facts.message?.length ?? facts.messageLength ?? 0,
    messages: facts.turns ?? [],
    omitted_messages: facts.omittedTurns ?? 0,
    sep: facts.separator ?? null,
    sep2: facts.separator2 ?? null,
    stop_str: facts.stop ?? [],
    stop_token_ids: facts.stopIds ?? [],
    tokens: facts.tokens ?? [],
    families: familiesOf(facts),
  };
}

export function templateText(facts: TemplateFacts): string {
  const { roles, separator, separator2, stop, stopIds, message, messageLength } = facts;
  const quoted = (text: string | undefined) => (text === undefined ? "none" : JSON.stringify(text));
  const system =
    messageLength === undefined
      ? quoted(message)
      : `FastChat's own of ${messageLength} characters is left out`;
  const families = familiesOf(facts);
  return [
    `${facts.name}: ${facts.style ?? "no style"}`,
    `  families    ${families.length > 0 ? families.join(", ") : "none by name"}`,
    `  roles       ${roles.map(quoted).join(", ")}`,
    `  system      ${quoted(facts.system ?? "{system_message}")}`,
    `  by itself   ${system}`,
    `  separators  ${quoted(separator)}, ${quoted(separator2)}`,
    `  stops       ${[...(stop ?? []).map(quoted), ...(stopIds ?? [])].join(", ") || "none"}`,
    ...(facts.tokens ? [`  tokens      ${facts.tokens.join(" ")}`] : []),
    ...(facts.omittedTurns ? [`  left out    ${facts.omittedTurns} turns of an example`] : []),
    "",
  ].join("\n");
}

/** What a model of this name gets and why, and what FastChat would take. */
export function choiceText(name: string, { template, doubt, fastchat }: FamilyChoice): string {
  const shown = plainLine(name);
  const theirs = fastchat ? `${fastchat.template} (${fastchat.adapter.name})` : "one_shot";
  const ours = template
    ? `${shown} gets the template ${template.name}, where it brings none of its own.`
    : `${shown} gets the neutral template, where it brings none of its own: ${doubt}.`;
  return `${ours}\nFastChat takes ${theirs}.\n`;
}

export function choiceJson(
  name: string,
  { template, adapter, doubt, fastchat }: FamilyChoice & { adapter?: { name: string } },
): object {
  return {
    name,
    template: template ? templateJson(template) : null,
    family: adapter?.name ?? null,
    doubt: doubt ?? null,
    fastchat: {
      adapter: fastchat?.adapter.name ?? null,
      template: fastchat?.template ?? "one_shot",
    },
  };
}
