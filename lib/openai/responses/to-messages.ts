import { AppError } from "@/lib/errors";
import { MESSAGES_MAX } from "@/lib/limits";
import { readImageUrl } from "@/lib/protocol/image-data";
import type { GivenMessage, GivenPart, ToolCall } from "@/lib/protocol/message";
import { assert, unreachable } from "@/lib/util/assert";
import type { FunctionCallOutputItem, InputPart, Item, OutputTextPart } from "./item";

/**
 * A conversation of items as messages. Calls join the assistant's message before them; what a model wrote
 * to itself is not shown to it again, as the makers of reasoning models advise; calls that were cut off in
 * the middle of their arguments are left out, since no template can say them.
 *
 * @param before items that the request did not bring itself, which its faults are not about.
 * @throws AppError `invalid-request` when an output answers no call, or there is nothing to answer.
 */
export function toMessages({
  instructions,
  before,
  items,
}: {
  instructions?: string | null | undefined;
  before: readonly Item[];
  items: readonly Item[];
}): GivenMessage[] {
  const messages: GivenMessage[] = [];
  const called = new Set<string>();
  if (instructions != null && instructions !== "") push(messages, "system", toParts(instructions));
  for (const [at, item] of [...before, ...items].entries()) {
    if (item.type === "function_call" && item.status === "completed") called.add(item.call_id);
    if (item.type === "function_call_output" && !called.has(item.call_id)) {
      throw unmatched(item, at - before.length);
    }
    addItem(messages, item);
  }
  if (!messages.some(({ role }) => role !== "system")) {
    throw new AppError("invalid-request", {
      message: "`input` holds nothing to answer; send a text or at least one message.",
      param: "input",
    });
  }
  if (messages.length > MESSAGES_MAX) {
    throw new AppError("invalid-request", {
      message: `The conversation has ${messages.length} messages, and ${MESSAGES_MAX} are allowed. Begin a new one.`,
      param: "input",
    });
  }
  return messages;
}

function addItem(messages: GivenMessage[], item: Item): void {
  switch (item.type) {
    case "message": {
      // Newer models of OpenAI call the system's voice the developer's.
      const role = item.role === "developer" ? "system" : item.role;
      push(messages, role, item.content.map(toPart));
      return;
    }
    case "function_call": {
      if (item.status !== "completed") return;
      const { call_id: id, name, arguments: text } = item;
      addCall(messages, { id, name, arguments: text });
      return;
    }
    case "function_call_output": {
      const { call_id: toolCallId, output } = item;
      const content = typeof output === "string" ? toParts(output) : output.map(toPart);
      messages.push({ role: "tool", content, toolCallId });
      return;
    }
    case "reasoning":
      return;
    default:
      unreachable(item);
  }
}

function push(messages: GivenMessage[], role: GivenMessage["role"], content: GivenPart[]): void {
  // An answer that was cut off before its first word.
  if (content.length > 0) messages.push({ role, content });
}

const toParts = (text: string): GivenPart[] => [{ type: "text", text }];

function toPart(part: InputPart | OutputTextPart): GivenPart {
  if (part.type !== "input_image") return { type: "text", text: part.text };
  const image = readImageUrl(part.image_url, part.detail);
  // It was read when it came.
  assert(!("message" in image), "an item's image can be read");
  return image;
}

function addCall(messages: GivenMessage[], call: ToolCall): void {
  const last = messages.at(-1);
  if (last?.role === "assistant") last.toolCalls = [...(last.toolCalls ?? []), call];
  else messages.push({ role: "assistant", content: [], toolCalls: [call] });
}

function unmatched({ call_id: callId }: FunctionCallOutputItem, at: number): AppError {
  return new AppError("invalid-request", {
    message: `\`input.${at}.call_id\` answers no call before it (${JSON.stringify(callId.slice(0, 64))}). Send the \`function_call\` item with it, or its response as \`previous_response_id\`.`,
    param: `input.${at}.call_id`,
  });
}
