import type { Tool } from "../answer/answer-format";
import type { ChatMessage } from "./chat-template";

/**
 * How tools, calls and results are put into plain messages, for models whose template speaks of none of
 * them, or of calls in a form that we do not read.
 */
export type ToolText = {
  /** For the system message. */
  describeTools(tools: readonly Tool[]): string;
  /** A call as the model is asked to write it; `argumentsJson` is an object. */
  writeCall(name: string, argumentsJson: string): string;
};

export type DescribeOptions = {
  writeCall: ToolText["writeCall"];
  /** How several calls in one answer are written, as a sentence. */
  severalCalls: string;
};

/** The project's own words for tools around a family's way of writing calls. */
export function createToolText({ writeCall, severalCalls }: DescribeOptions): ToolText {
  return {
    writeCall,
    describeTools: (tools) =>
      [
        "You can call these functions. Each line holds one: its name, what it does, and the JSON schema of its arguments.",
        tools.map((tool) => JSON.stringify(toTemplateTool(tool).function)).join("\n"),
        "To call a function, answer with the call and nothing else, in exactly this form, with the function's name and your arguments:",
        writeCall("function_name", '{"argument_name": "value"}'),
        `${severalCalls} The results come in the next message. When no function helps, answer in words.`,
      ].join("\n\n"),
  };
}

/** A tool as templates on the hub expect it: OpenAI's shape, nothing left out. */
export function toTemplateTool({ name, description = "", parameters }: Tool) {
  const isSchema = typeof parameters === "object";
  const schema = isSchema ? parameters : { type: "object", properties: {} };
  return { type: "function", function: { name, description, parameters: schema } };
}

export type SpellOutOptions = {
  tools: readonly Tool[] | undefined;
  toolText: ToolText;
  /** Whether the template takes a system message; else its text goes before the visitor's first words. */
  takesSystem: boolean;
};

/**
 * A conversation in which tools, calls and results are plain text: tools in the system message, calls in
 * the assistant's, results in the visitor's.
 */
export function spellOutTools(
  messages: readonly ChatMessage[],
  { tools, toolText, takesSystem }: SpellOutOptions,
): ChatMessage[] {
  const spelled: ChatMessage[] = [];
  const names = new Map<string, string>();
  let wasResult = false;
  for (const message of messages) {
    const { role, content, toolCalls = [] } = message;
    for (const call of toolCalls) names.set(call.id, call.name);
    const calls = toolCalls.map((call) => toolText.writeCall(call.name, call.arguments));
    const texts = content === "" ? calls : [content, ...calls];
    const isResult = role === "tool";
    const last = spelled.at(-1);
    const plain: ChatMessage = isResult
      ? { role: "user", content: toResult(message, names) }
      : { role, content: texts.join("\n") };
    // Many templates want visitor and assistant to take turns.
    if (wasResult && plain.role === "user" && last) last.content += `\n\n${plain.content}`;
    else spelled.push(plain);
    wasResult = isResult || (wasResult && plain.role === "user");
  }
  if (!tools || tools.length === 0) return spelled;
  return addInstructions(spelled, toolText.describeTools(tools), takesSystem);
}

function toResult({ toolCallId = "", content }: ChatMessage, names: Map<string, string>): string {
  const name = names.get(toolCallId);
  const source = name === undefined ? `call ${toolCallId}` : `${name} (call ${toolCallId})`;
  return `Result of ${source}:\n${content}`;
}

function addInstructions(
  messages: ChatMessage[],
  text: string,
  takesSystem: boolean,
): ChatMessage[] {
  const [first, ...rest] = messages;
  if (takesSystem) {
    if (first?.role !== "system") return [{ role: "system", content: text }, ...messages];
    return [{ ...first, content: `${first.content}\n\n${text}` }, ...rest];
  }
  const index = messages.findIndex((message) => message.role === "user");
  if (index < 0) return [{ role: "user", content: text }, ...messages];
  return messages.map((message, at) =>
    at === index ? { ...message, content: `${text}\n\n${message.content}` } : message,
  );
}
