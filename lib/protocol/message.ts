import * as z from "zod";
import { MESSAGES_MAX } from "@/lib/limits";

/** The one internal message. Parts are a union so that images and tool calls can join text later. */
export const textPartSchema = z.strictObject({ type: z.literal("text"), text: z.string() });

export const messageSchema = z.strictObject({
  role: z.enum(["system", "user", "assistant"]),
  content: z.array(textPartSchema).min(1),
});

export const messagesSchema = z.array(messageSchema).min(1).max(MESSAGES_MAX);

export type TextPart = z.infer<typeof textPartSchema>;
export type Message = z.infer<typeof messageSchema>;

export function textMessage(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}

/** All text of a message, joined. */
export function messageText(message: Message): string {
  return message.content.map((part) => part.text).join("");
}
