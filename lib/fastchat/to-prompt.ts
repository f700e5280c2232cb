import { type Conversation, hasPlaceForSystem } from "@/lib/adapters/conversation";
import { renderPrompt } from "@/lib/adapters/render-prompt";
import { AppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { type Message, messageText } from "@/lib/protocol/message";

/**
 * The text that a worker goes on with: a prompt as it is, or the messages in the worker's own template,
 * behind its examples and before an open turn of the assistant.
 *
 * @throws AppError `unsupported-parameter` naming what the template has no place for.
 */
export function toPrompt(request: GenerateRequest, template: Conversation): string {
  const { prompt, messages } = request;
  if (typeof prompt === "string") return prompt;
  if (prompt !== undefined) {
    throw refusal(
      "prompt",
      "The worker of this model takes texts and no tokens. Send the prompt as a text.",
    );
  }
  return renderPrompt(fill(template, messages));
}

function fill(template: Conversation, messages: readonly Message[]): Conversation {
  const [user, assistant] = template.roles;
  const system: string[] = [];
  const turns = [...template.turns];
  for (const [index, message] of messages.entries()) {
    const text = messageText(message);
    if (message.role === "tool" || message.toolCalls !== undefined) {
      throw refusal(
        `messages.${index}`,
        "The model's template has no words for tool calls and their results. Leave them out.",
      );
    }
    if (message.role === "system") system.push(text);
    else turns.push({ role: message.role === "user" ? user : assistant, text });
  }
  if (system.some((text) => text !== "") && !hasPlaceForSystem(template)) {
    const index = messages.findIndex(({ role }) => role === "system");
    throw refusal(
      `messages.${index}`,
      "The model's template has no place for a system message. Put its words into the first message of the user.",
    );
  }
  const systemMessage = system.length > 0 ? system.join("\n\n") : template.systemMessage;
  turns.push({ role: assistant, text: "" });
  return { ...template, systemMessage, turns };
}

function refusal(param: string, message: string): AppError {
  return new AppError("unsupported-parameter", { message, param });
}
