import { AppError } from "@/lib/errors";
import type { Tool } from "../answer/answer-format";
import type { ChatMessage } from "./chat-template";

/** Makes what a caller wrote safe for a template (`Tokenizer.quote`). */
export type Quote = (text: string) => string;

/** What a model writes around what it says to itself. */
export type ThoughtMarks = { open: string; close: string };

/** Templates and what writes JSON in them call themselves for each level. */
const DEPTH_MAX = 256;

/**
 * Messages with everything that a caller wrote quoted: contents, ids, and the calls' arguments, whose
 * strings and keys are quoted as what they mean, since JSON has other ways to spell `<`.
 *
 * @param marks stay as they are around thoughts that an assistant's message begins with, as clients send them
 *   back that were told them as text: templates look for them there and leave the thoughts out.
 * @throws AppError `invalid-request` when arguments are nested too deeply.
 */
export function quoteMessages(
  messages: readonly ChatMessage[],
  quote: Quote,
  marks?: ThoughtMarks,
): ChatMessage[] {
  return messages.map((message, index) => {
    const { role, content, toolCalls, toolCallId } = message;
    const path = `messages.${index}.toolCalls`;
    const calls = toolCalls?.map((call) => ({
      id: quote(call.id),
      name: quote(call.name),
      arguments: quoteJsonText(call.arguments, quote, path),
    }));
    return {
      role,
      content: role === "assistant" && marks ? quoteAnswer(content, quote, marks) : quote(content),
      ...(calls && { toolCalls: calls }),
      ...(toolCallId !== undefined && { toolCallId: quote(toolCallId) }),
    };
  });
}

/**
 * Tools with their names, descriptions and schemas quoted, property names too.
 *
 * @throws AppError `invalid-request` when a schema is nested too deeply.
 */
export function quoteTools(tools: readonly Tool[], quote: Quote): Tool[] {
  return tools.map((tool, index) => {
    const { name, description, parameters } = tool;
    const path = `toolRequest.tools.${index}.parameters`;
    return {
      ...tool,
      name: quote(name),
      ...(description !== undefined && { description: quote(description) }),
      ...(typeof parameters === "object" && { parameters: quoteObject(parameters, quote, path) }),
    };
  });
}

function quoteAnswer(content: string, quote: Quote, { open, close }: ThoughtMarks): string {
  const begin = content.length - content.trimStart().length;
  const end = content.indexOf(close, begin + open.length);
  if (!content.startsWith(open, begin) || end < 0) return quote(content);
  const thoughts = content.slice(begin + open.length, end);
  const before = content.slice(0, begin) + open;
  return before + quote(thoughts) + close + quote(content.slice(end + close.length));
}

function quoteJsonText(json: string, quote: Quote, path: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return quote(json); // No JSON, so the template gets it as the text it is.
  }
  let isChanged = false;
  const quoted = quoteValue(value, path, 0, (text) => {
    const safe = quote(text);
    isChanged ||= safe !== text;
    return safe;
  });
  // Untouched text keeps the model's own spacing and numbers.
  return isChanged ? JSON.stringify(quoted) : json;
}

function quoteObject(value: { readonly [key: string]: unknown }, quote: Quote, path: string) {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [quote(key), quoteValue(inner, path, 1, quote)]),
  );
}

function quoteValue(value: unknown, path: string, depth: number, quote: Quote): unknown {
  if (depth > DEPTH_MAX) {
    throw new AppError("invalid-request", {
      message: `The value of \`${path}\` is nested more than ${DEPTH_MAX} levels deep. Make it flatter.`,
      param: path,
    });
  }
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((it) => quoteValue(it, path, depth + 1, quote));
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => [quote(key), quoteValue(it, path, depth + 1, quote)]),
  );
}
