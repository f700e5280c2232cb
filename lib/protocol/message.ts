import * as z from "zod";
import { MESSAGES_MAX, TOOL_CALLS_MAX, TOOL_NAME } from "@/lib/limits";
import {
  IMAGE_BYTES_MAX,
  IMAGES_MAX,
  THOUGHT_SEAL_CHARACTERS_MAX,
  THOUGHTS_MAX,
} from "@/lib/upstream-limits";

/** The one internal message. */
export const textPartSchema = z.strictObject({ type: z.literal("text"), text: z.string() });

/** What models with eyes commonly read. */
export const IMAGE_MEDIA_TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const;

/** The bytes themselves: whoever took an address from a client has fetched it, so that no worker has to. */
export const imagePartSchema = z.strictObject({
  type: z.literal("image"),
  mediaType: z.enum(IMAGE_MEDIA_TYPES),
  /** Base64, four characters for three bytes; checked by whoever took it from a client. */
  data: z
    .string()
    .min(1)
    .max(Math.ceil(IMAGE_BYTES_MAX / 3) * 4),
  /** How closely to look, where a model can be told (OpenAI's word). */
  detail: z.enum(["auto", "low", "high"]).optional(),
});

/** Where a client says that an image is, until somebody has fetched it; workers never see one. */
export type ImageAddress = { type: "image-address"; url: string; detail?: ImagePart["detail"] };

export const partSchema = z.discriminatedUnion("type", [textPartSchema, imagePartSchema]);

export const toolNameSchema = z
  .string()
  .regex(TOOL_NAME, "must have 1 to 64 letters, digits, underscores or dashes.");

/** A call that the model asked for; `arguments` is JSON text, as the model wrote it. */
export const toolCallSchema = z.strictObject({
  id: z.string().min(1).max(128),
  name: toolNameSchema,
  arguments: z.string(),
});

/** Of what a worker sealed; what other platforms sign for their own callers is nothing to ours. */
export const THOUGHT_SEAL_PREFIX = "parley-";

/**
 * What a model of a provider wrote to itself, with what that provider wants to have back of it
 * (`thought-seal`). Only the worker that made a seal can read it; to every other model it is nothing.
 */
export const thoughtSchema = z.strictObject({
  /** As it was told; empty for a thought that was not. */
  text: z.string(),
  seal: z.string().startsWith(THOUGHT_SEAL_PREFIX).max(THOUGHT_SEAL_CHARACTERS_MAX),
  /** Parts of the content that came before it. */
  after: z.number().int().min(0),
});

export const messageSchema = z
  .strictObject({
    role: z.enum(["system", "user", "assistant", "tool"]),
    /** Empty only beside tool calls. */
    content: z.array(partSchema),
    /** Of the assistant: what it asked to have called. */
    toolCalls: z.array(toolCallSchema).min(1).max(TOOL_CALLS_MAX).optional(),
    /** Of the assistant, in order. */
    thoughts: z.array(thoughtSchema).min(1).max(THOUGHTS_MAX).optional(),
    /** Of a tool: the call that this is the result of. */
    toolCallId: z.string().min(1).max(128).optional(),
  })
  .superRefine((message, context) => {
    const { role, content, toolCalls, thoughts, toolCallId } = message;
    const refuse = (path: string, text: string) =>
      context.addIssue({ code: "custom", path: [path], message: text });
    if (content.length === 0 && !toolCalls) refuse("content", "must hold at least one part.");
    const images = content.filter((part) => part.type === "image").length;
    if (images > IMAGES_MAX) refuse("content", `must hold at most ${IMAGES_MAX} images.`);
    if (images > 0 && role !== "user" && role !== "tool") {
      refuse("content", "holds an image, which only a user or a tool can show.");
    }
    if (toolCalls && role !== "assistant") refuse("toolCalls", "belong to an assistant's message.");
    if (thoughts && role !== "assistant") refuse("thoughts", "belong to an assistant's message.");
    if (toolCallId && role !== "tool") refuse("toolCallId", "belongs to a tool's message.");
    if (role === "tool" && !toolCallId) refuse("toolCallId", "must name the call it answers.");
  });

export const messagesSchema = z.array(messageSchema).min(1).max(MESSAGES_MAX);

export type TextPart = z.infer<typeof textPartSchema>;
export type ImagePart = z.infer<typeof imagePartSchema>;
export type MessagePart = z.infer<typeof partSchema>;
export type Thought = z.infer<typeof thoughtSchema>;
export type ToolCall = z.infer<typeof toolCallSchema>;
export type Message = z.infer<typeof messageSchema>;
/** As a client gave it: its images may still be elsewhere. */
export type GivenPart = MessagePart | ImageAddress;
export type GivenMessage = Omit<Message, "content"> & { content: GivenPart[] };

export function textMessage(role: Message["role"], text: string): Message {
  return { role, content: [{ type: "text", text }] };
}

export function hasImage({ content }: Pick<GivenMessage, "content">): boolean {
  return content.some(({ type }) => type === "image" || type === "image-address");
}

/** All text of a message, joined. */
export function messageText(message: Pick<GivenMessage, "content">): string {
  return message.content.map((part) => (part.type === "text" ? part.text : "")).join("");
}
