import type { LanguageModelV3Message, LanguageModelV3Prompt } from "@ai-sdk/provider";
import { AppError } from "@/lib/errors";
import type { Message, MessagePart, ToolCall } from "@/lib/protocol/message";
import { hasImage, messageText } from "@/lib/protocol/message";
import type { SystemPromptPolicy } from "@/lib/protocol/model-entry";
import { unseal } from "./thought-seal";

type AssistantMessage = Extract<LanguageModelV3Message, { role: "assistant" }>;
type ToolMessage = Extract<LanguageModelV3Message, { role: "tool" }>;
type ToolOutput = Extract<ToolMessage["content"][number], { type: "tool-result" }>["output"];
type ShownPart =
  | { type: "text"; text: string }
  | {
      type: "file";
      mediaType: string;
      data: string;
      providerOptions?: Record<string, Record<string, string>>;
    };

export type PromptRules = {
  systemPrompt: SystemPromptPolicy;
  seesToolImages: boolean;
  /** Of whoever refuses, as sentences end. */
  model: string;
  /** Whose thoughts go back to it; undefined: none are to. */
  thoughts: { upstreamModel: string; optionsName: string } | undefined;
};

/**
 * Our messages in the SDK's words.
 *
 * @throws AppError naming the message that the model cannot be given.
 */
export function toPrompt(messages: readonly Message[], rules: PromptRules): LanguageModelV3Prompt {
  const { systemPrompt } = rules;
  const names = new Map<string, string>();
  const prompt: LanguageModelV3Prompt = [];
  if (typeof systemPrompt === "object") {
    prompt.push({ role: "system", content: systemPrompt.prepend });
  }
  for (const [index, message] of messages.entries()) {
    const param = `messages.${index}`;
    if (message.role === "system") prompt.push(toSystem(message, rules, param));
    else if (message.role === "user") {
      prompt.push({ role: "user", content: message.content.map(toShown) });
    } else if (message.role === "assistant") {
      for (const { id, name } of message.toolCalls ?? []) names.set(id, name);
      prompt.push(toAssistant(message, rules, param));
    } else prompt.push(toTool(message, { names, rules, param }));
  }
  return joinSystem(prompt);
}

function toSystem(
  message: Message,
  { systemPrompt, model }: PromptRules,
  param: string,
): LanguageModelV3Message {
  if (systemPrompt !== "refuse") return { role: "system", content: messageText(message) };
  throw new AppError("unsupported-parameter", {
    message: `${model} takes no system prompt here. Leave it out, or choose another model.`,
    param,
  });
}

/** Several at the beginning are one to providers that take one text beside the conversation. */
function joinSystem(prompt: LanguageModelV3Prompt): LanguageModelV3Prompt {
  const end = prompt.findIndex((it) => it.role !== "system");
  const head = prompt.slice(0, end === -1 ? prompt.length : end);
  if (head.length < 2) return prompt;
  const content = head.map((it) => (it.role === "system" ? it.content : "")).join("\n\n");
  return [{ role: "system", content }, ...prompt.slice(head.length)];
}

function toShown(part: MessagePart): ShownPart {
  if (part.type === "text") return { type: "text", text: part.text };
  const { mediaType, data, detail } = part;
  const file = { type: "file" as const, mediaType, data };
  if (detail === undefined) return file;
  // Those that can be told how closely to look, each under its own name; the rest have no such word.
  const openai = { imageDetail: detail };
  return { ...file, providerOptions: { openai, azure: openai, cohere: { detail } } };
}

function toAssistant(
  { content, toolCalls = [], thoughts = [] }: Message,
  rules: PromptRules,
  param: string,
): AssistantMessage {
  const { reasoning, calls } = rules.thoughts
    ? unseal(thoughts, rules.thoughts)
    : { reasoning: [], calls: new Map() };
  const parts: AssistantMessage["content"] = [];
  // A thought goes back to the place that it had: providers look at the order, too.
  for (let place = 0; place <= content.length; place++) {
    const isLast = place === content.length;
    const before = reasoning.filter(({ after }) => after === place || (isLast && after > place));
    for (const { text, options } of before) {
      parts.push({ type: "reasoning", text, providerOptions: options });
    }
    const part = content[place];
    // Beside calls clients send an empty text for none, which Anthropic and Google refuse.
    const isNone = part?.type === "text" && part.text === "" && toolCalls.length > 0;
    if (part?.type === "text" && !isNone) parts.push({ type: "text", text: part.text });
  }
  for (const [index, call] of toolCalls.entries()) {
    const options = calls.get(call.id);
    parts.push({
      ...{ type: "tool-call", toolCallId: call.id, toolName: call.name },
      input: readArguments(call, `${param}.toolCalls.${index}.arguments`),
      ...(options && { providerOptions: options }),
    });
  }
  return { role: "assistant", content: parts };
}

/** Of a function without parameters many models write nothing at all. */
function readArguments(call: ToolCall, param: string): unknown {
  if (call.arguments.trim() === "") return {};
  try {
    return JSON.parse(call.arguments);
  } catch (cause) {
    throw new AppError("invalid-request", {
      message: `The arguments of the call ${call.id} are no JSON, which the provider of this model needs.`,
      ...{ param, cause },
    });
  }
}

type ToolContext = { names: ReadonlyMap<string, string>; rules: PromptRules; param: string };

function toTool(message: Message, { names, rules, param }: ToolContext): ToolMessage {
  // The schema asks it of every tool's message.
  const { toolCallId = "" } = message;
  const toolName = names.get(toolCallId);
  if (toolName === undefined) {
    throw new AppError("invalid-request", {
      message: `The message of a tool answers the call "${toolCallId}", which nobody made before it.`,
      param: `${param}.toolCallId`,
    });
  }
  if (hasImage(message) && !rules.seesToolImages) {
    throw new AppError("unsupported-parameter", {
      message: `${rules.model} cannot see images that a tool shows. Show them in a user's message.`,
      param,
    });
  }
  const output = toOutput(message);
  return { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] };
}

function toOutput(message: Message): ToolOutput {
  if (!hasImage(message)) return { type: "text", value: messageText(message) };
  return {
    type: "content",
    value: message.content.map((part) =>
      part.type === "text"
        ? { type: "text" as const, text: part.text }
        : { type: "image-data" as const, mediaType: part.mediaType, data: part.data },
    ),
  };
}
