import { type Conversation, hasPlaceForSystem, type Turn } from "@/lib/adapters/conversation";
import { renderPrompt } from "@/lib/adapters/render-prompt";

/** The conversation template of a family, to be rendered with the variables that Jinja templates take. */
export class FamilyTemplate {
  readonly #conversation: Conversation;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /**
   * @param variables `messages` of system, user and assistant, and `add_generation_prompt`.
   * @throws Error, a clause on what the template has no place for.
   */
  render({ messages, add_generation_prompt: isOpen }: Record<string, unknown>): string {
    const template = this.#conversation;
    const [user, assistant] = template.roles;
    const system: string[] = [];
    const turns: Turn[] = [...template.turns];
    for (const { role, content } of toSpoken(messages)) {
      if (role === "system") system.push(content);
      else turns.push({ role: role === "user" ? user : assistant, text: content });
    }
    if (system.some((text) => text !== "") && !hasPlaceForSystem(template)) {
      throw new Error(
        `the template ${template.name} has no place for a system message. Put its words into the first message of the user.`,
      );
    }
    if (isOpen) turns.push({ role: assistant, text: "" });
    const systemMessage = system.length > 0 ? system.join("\n\n") : template.systemMessage;
    return renderPrompt({ ...template, systemMessage, turns });
  }
}

type Spoken = { role: "system" | "user" | "assistant"; content: string };

function toSpoken(messages: unknown): Spoken[] {
  if (!Array.isArray(messages)) return [];
  return messages.map(({ role, content, tool_calls: calls }: Record<string, unknown>) => {
    const isKnown = role === "system" || role === "user" || role === "assistant";
    if (isKnown && calls === undefined) return { role, content: String(content ?? "") };
    throw new Error("the template of a family has no words for tool calls and their results.");
  });
}
