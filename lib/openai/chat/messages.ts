import * as z from "zod";
import { MESSAGES_MAX, TOOL_CALLS_MAX } from "@/lib/limits";
import { cacheBreakpointSchema, cacheControlSchema } from "@/lib/protocol/cache-mark";
import { readImageUrl } from "@/lib/protocol/image-data";
import {
  type GivenMessage,
  type GivenPart,
  type TextPart,
  toolNameSchema,
} from "@/lib/protocol/message";
import { ILL_FORMED } from "@/lib/protocol/well-formed-text";
import { IMAGES_MAX } from "@/lib/upstream-limits";
import { adopt, refuse, reject } from "@/lib/util/refuse";

/** OpenAI's messages → ours. Roles and parts that are not offered are named, with what to do. */

const ROLES: Record<string, GivenMessage["role"]> = {
  system: "system",
  // Newer models of OpenAI call the system's voice the developer's.
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "tool",
};
const ROLES_NOT_OFFERED = ["function"];
const PARTS_NOT_OFFERED: Record<string, string> = {
  input_audio: 'is "input_audio", and no model here can hear; send text alone.',
  file: 'is "file", and files are not read here; send their text.',
  refusal: 'is "refusal", which no model here writes; send it as text.',
};
/** Fields that ask for more than text; absent, null or empty they say nothing, like all of a message. */
const FIELDS_NOT_OFFERED = ["refusal", "function_call", "audio", "images"];
/**
 * Taken and left on an assistant's message, so that every reply can be sent back as it came. What it wrote
 * to itself is not shown to it again, as the makers of reasoning models advise; the others stand beside
 * the text: sources (OpenAI), what their client read out of it (`parsed`), and what LiteLLM and
 * OpenRouter pass on from their providers.
 */
const ASSISTANT_FIELDS_LEFT = [
  ...["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"],
  ...["annotations", "parsed", "provider_specific_fields"],
];
/** Taken and left on every message: no chat template here names who speaks, and caches need no mark. */
const FIELDS_LEFT: Record<string, z.ZodType> = {
  name: z.string(),
  cache_control: cacheControlSchema,
};
/**
 * What a message is, in the words of clients that write one as a part or as an item of a response
 * (lm-evaluation-harness puts "text" on every message).
 */
const MESSAGE_TYPES = ["text", "message"];
const FIELDS_KNOWN = new Set([
  ...["type", ...FIELDS_NOT_OFFERED, ...ASSISTANT_FIELDS_LEFT],
  ...Object.keys(FIELDS_LEFT),
]);
/** Marks on a text part. */
const PART_FIELDS_LEFT: Record<string, z.ZodType> = {
  prompt_cache_breakpoint: cacheBreakpointSchema.nullish(),
  cache_control: cacheControlSchema.nullish(),
};

const partSchema = z
  .looseObject({ type: z.string() })
  .transform(({ type, ...part }, context): GivenPart => {
    if (type === "image_url") return toImagePart(part, context);
    const { text, ...others } = part;
    const unknown = Object.keys(others).find((key) => !Object.hasOwn(PART_FIELDS_LEFT, key));
    if (Object.hasOwn(PARTS_NOT_OFFERED, type)) {
      refuse(context, { path: ["type"], message: PARTS_NOT_OFFERED[type] ?? "" });
    } else if (type !== "text") {
      reject(context, ["type"], 'is no known type of part; send {"type":"text","text":"…"}.');
    } else if (typeof text !== "string") {
      reject(context, ["text"], "must be a string: the text of the part.");
    } else if (unknown !== undefined) {
      reject(context, [unknown], "is no known field of a text part; remove it.");
    } else {
      for (const [key, schema] of Object.entries(PART_FIELDS_LEFT)) {
        checkLeft(key, { value: others[key], schema }, context);
      }
      return toTextPart(text, ["text"], context);
    }
    return z.NEVER;
  });

const imageFieldsSchema = z.strictObject({
  image_url: z.strictObject({
    url: z.string().min(1),
    detail: z.enum(["auto", "low", "high"]).nullish(),
  }),
  ...PART_FIELDS_LEFT,
});

function toImagePart(fields: unknown, context: z.core.$RefinementCtx): GivenPart {
  const parsed = imageFieldsSchema.safeParse(fields, { reportInput: true });
  if (!parsed.success) {
    adopt(context, [], parsed.error.issues);
    return z.NEVER;
  }
  const { url, detail } = parsed.data.image_url;
  const image = readImageUrl(url, detail ?? undefined);
  if (!("message" in image)) return image;
  reject(context, ["image_url", "url"], image.message);
  return z.NEVER;
}

const partsSchema = z.array(partSchema).min(1);

const toolCallsSchema = z
  .array(
    z.strictObject({
      id: z.string().min(1).max(128),
      type: z.literal("function"),
      function: z.strictObject({
        name: toolNameSchema,
        arguments: z.string(),
        /** What OpenAI's client read out of them, in the replies that it hands out. */
        parsed_arguments: z.unknown().optional(),
      }),
      /** Its place in a stream, which some clients send back. */
      index: z.number().int().nullish(),
    }),
  )
  .max(TOOL_CALLS_MAX)
  .transform((calls) =>
    calls.map(({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text })),
  );

const messageSchema = z
  .looseObject({
    role: z.string(),
    content: z.union([z.string(), z.array(z.unknown())]).nullish(),
    tool_calls: toolCallsSchema.nullish(),
    tool_call_id: z.string().min(1).max(128).nullish(),
  })
  .transform((message, context): GivenMessage => {
    const { role: wireRole, content, tool_calls: calls, tool_call_id: callId, ...others } = message;
    const role = Object.hasOwn(ROLES, wireRole) ? ROLES[wireRole] : undefined;
    if (role === undefined) {
      refuseRole(wireRole, context);
      return z.NEVER;
    }
    if (!checkOthers(role, others, context)) return z.NEVER;
    const toolCalls = calls && calls.length > 0 ? calls : undefined;
    if (!checkCalls(role, { toolCalls, callId }, context)) return z.NEVER;
    // An answer that was only reasoning is sent back without content, and with a list of no calls.
    const isWordless = role === "assistant" && content == null && calls && !toolCalls;
    const given = isWordless ? "" : content;
    const parts = toParts(given, { mayBeAbsent: toolCalls !== undefined }, context);
    if (!parts || !checkImages(role, parts, context)) return z.NEVER;
    return {
      ...{ role, content: parts },
      ...(toolCalls && { toolCalls }),
      ...(callId != null && { toolCallId: callId }),
    };
  });

/** Undefined when the content is wrong, which has been said then. */
function toParts(
  content: string | unknown[] | null | undefined,
  { mayBeAbsent }: { mayBeAbsent: boolean },
  context: z.core.$RefinementCtx,
): GivenPart[] | undefined {
  if (content === undefined || content === null) {
    if (mayBeAbsent) return [];
    reject(context, ["content"], "is missing; send a string or a list of text parts.");
    return undefined;
  }
  if (typeof content === "string") return [toTextPart(content, ["content"], context)];
  const parts = partsSchema.safeParse(content, { reportInput: true });
  if (parts.success) return parts.data;
  adopt(context, ["content"], parts.error.issues);
  return undefined;
}

function checkImages(
  role: GivenMessage["role"],
  parts: readonly GivenPart[],
  context: z.core.$RefinementCtx,
): boolean {
  const images = parts.filter((part) => part.type !== "text").length;
  const at = parts.findIndex((part) => part.type !== "text");
  if (images > 0 && role !== "user" && role !== "tool") {
    const message = "is an image, which only a message of the user or of a tool can show.";
    reject(context, ["content", at, "type"], message);
  } else if (images > IMAGES_MAX) {
    reject(context, ["content"], `shows ${images} images; ${IMAGES_MAX} are allowed in a message.`);
  } else return true;
  return false;
}

function checkCalls(
  role: GivenMessage["role"],
  { toolCalls, callId }: { toolCalls: unknown; callId: string | null | undefined },
  context: z.core.$RefinementCtx,
): boolean {
  if (toolCalls && role !== "assistant") {
    reject(context, ["tool_calls"], "belong to an assistant's message; remove them.");
  } else if (callId != null && role !== "tool") {
    reject(context, ["tool_call_id"], "belongs to a tool's message; remove it.");
  } else if (callId == null && role === "tool") {
    reject(context, ["tool_call_id"], "is missing; name the call that this is the result of.");
  } else return true;
  return false;
}

export const chatMessagesSchema = z
  .array(messageSchema)
  .min(1)
  .max(MESSAGES_MAX)
  .superRefine((messages, context) => {
    const called = new Set<string>();
    for (const [index, { toolCalls, toolCallId }] of messages.entries()) {
      for (const { id } of toolCalls ?? []) called.add(id);
      if (toolCallId === undefined || called.has(toolCallId)) continue;
      const message = "answers no call; send the assistant's message with that call before it.";
      reject(context, [index, "tool_call_id"], message);
    }
  });

function refuseRole(role: string, context: z.core.$RefinementCtx): void {
  if (ROLES_NOT_OFFERED.includes(role)) {
    const message = `"${role}" is not supported; send the result of a call with the role "tool".`;
    refuse(context, { path: ["role"], message });
  } else reject(context, ["role"], `must be one of ${Object.keys(ROLES).join(", ")}.`);
}

function checkOthers(
  role: GivenMessage["role"],
  others: Record<string, unknown>,
  context: z.core.$RefinementCtx,
): boolean {
  for (const [key, value] of Object.entries(others)) {
    if (!FIELDS_KNOWN.has(key)) {
      reject(context, [key], "is no known field of a message; remove it.");
      return false;
    }
    if (saysNothing(value)) continue;
    if (role === "assistant" && ASSISTANT_FIELDS_LEFT.includes(key)) continue;
    if (key === "type" && MESSAGE_TYPES.some((it) => it === value)) continue;
    const schema = FIELDS_LEFT[key];
    if (schema && checkLeft(key, { value, schema }, context)) continue;
    if (!schema) {
      refuse(context, { path: [key], message: "is not supported in a message; remove it." });
    }
    return false;
  }
  return true;
}

/** Whether a field that is not read has its right form. */
function checkLeft(
  key: string,
  { value, schema }: { value: unknown; schema: z.ZodType },
  context: z.core.$RefinementCtx,
): boolean {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return true;
  adopt(context, [key], parsed.error.issues);
  return false;
}

function saysNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** JSON can spell half a surrogate pair, which no tokenizer has a token for. */
function toTextPart(text: string, path: PropertyKey[], context: z.core.$RefinementCtx): TextPart {
  if (!text.isWellFormed()) {
    reject(context, path, ILL_FORMED);
  }
  return { type: "text", text };
}
