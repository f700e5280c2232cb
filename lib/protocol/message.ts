import * as z from "zod";
import { MESSAGES_MAX, TOOL_CALLS_MAX, TOOL_NAME } from "@/lib/limits";

/** The one internal message. Parts are a union so that images can join text later. */
export const textPartSchema = z.strictObject({ type: z.literal("text"), text: z.string() });

export const toolNameSchema = z
  .string()
  .regex(TOOL_NAME, "must have 1 to 64 letters, digits, underscores or dashes.");

/** A call that the model asked for; `arguments` is JSON text, as the model wrote it. */
export const toolCallSchema = z.strictObject({
  id: z.string().min(1).max(128),
  name: toolNameSchema,
  arguments: z.string(),
});

export const messageSchema = z
  .strictObject({
    role: z.enum(["system", "user", "assistant", "tool"]),
    /** Empty only beside tool calls. */
    content: z.array(textPartSchema),
    /** Of the assistant: what it asked to have called. */
    toolCalls: z.array(toolCallSchema).min(1).max(TOOL_CALLS_MAX).optional(),
    /** Of a tool: the call that this is the result of. */
    toolCallId: z.string().min(1).max(128).optional(),
  })
  .superRefine((message, context) => {
    const { role, content, toolCalls, toolCallId } = message;
    const refuse = (path: string, text: string) =>
      context.addIssue({ code: "custom", path: [path], message: text });
    if (content.length === 0 && !toolCalls) refuse("content", "must hold at least one part.");
    if (toolCalls && role !== "assistant") refuse("toolCalls", "belong to an assistant's message.");
    if (toolCallId && role !== "tool") refuse("toolCallId", "belongs to a tool's message.");
    if (role === "tool" && !toolCallId) refuse("toolCallId", "must name the call it answers.");
  });

export const messagesSchema = z.array(messageSchema).min(1).max(MESSAGES_MAX);

export type TextPart = z.infer<typeof textPartSchema>;
export type ToolCall = z.infer<typeof toolCallSchema>;
export type Message = z.infer<typeof messageSchema>;

export function textMessage(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}

/** All text of a message, joined. */
export function messageText(message: Message): string {
  return message.content.map((part) => part.text).join("");
}
