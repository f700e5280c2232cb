import * as z from "zod";
import { MESSAGES_MAX } from "@/lib/limits";
import type { Message, TextPart } from "@/lib/protocol/message";
import { adopt, refuse, reject } from "../refuse";

/** OpenAI's messages → ours. Roles and parts that are not offered are named, with what to do. */

const ROLES: Record<string, Message["role"]> = {
  system: "system",
  // Newer models of OpenAI call the system's voice the developer's.
  developer: "system",
  user: "user",
  assistant: "assistant",
};
const ROLES_NOT_OFFERED = ["tool", "function"];
const PARTS_NOT_OFFERED = ["image_url", "input_audio", "file", "refusal"];
/** Fields of a message that a plain conversation does not need; absent, null or an empty list they say nothing. */
const FIELDS_NOT_OFFERED = ["name", "tool_calls", "tool_call_id", "function_call", "audio"];
const FIELDS_KNOWN = new Set(["role", "content", "refusal", ...FIELDS_NOT_OFFERED]);

const partSchema = z
  .looseObject({ type: z.string() })
  .transform(({ type, ...part }, context): TextPart => {
    const { text, ...others } = part;
    const unknown = Object.keys(others).find((key) => key !== "prompt_cache_breakpoint");
    if (PARTS_NOT_OFFERED.includes(type)) {
      const message = `names a type of part that is not supported ("${type}"); send text.`;
      refuse(context, { path: ["type"], message });
    } else if (type !== "text") {
      reject(context, ["type"], 'is no known type of part; send {"type":"text","text":"…"}.');
    } else if (typeof text !== "string") {
      reject(context, ["text"], "must be a string: the text of the part.");
    } else if (unknown !== undefined) {
      reject(context, [unknown], "is no known field of a text part; remove it.");
    } else return toTextPart(text, ["text"], context);
    return z.NEVER;
  });

const partsSchema = z.array(partSchema).min(1);

const messageSchema = z
  .looseObject({
    role: z.string(),
    content: z.union([z.string(), z.array(z.unknown())]).nullish(),
  })
  .transform(({ role: wireRole, content, ...others }, context): Message => {
    const role = Object.hasOwn(ROLES, wireRole) ? ROLES[wireRole] : undefined;
    if (role === undefined) {
      refuseRole(wireRole, context);
      return z.NEVER;
    }
    if (!checkOthers(others, context)) return z.NEVER;
    if (content === undefined || content === null) {
      reject(context, ["content"], "is missing; send a string or a list of text parts.");
      return z.NEVER;
    }
    if (typeof content === "string") {
      return { role, content: [toTextPart(content, ["content"], context)] };
    }
    const parts = partsSchema.safeParse(content, { reportInput: true });
    if (parts.success) return { role, content: parts.data };
    adopt(context, ["content"], parts.error.issues);
    return z.NEVER;
  });

export const chatMessagesSchema = z.array(messageSchema).min(1).max(MESSAGES_MAX);

function refuseRole(role: string, context: z.core.$RefinementCtx): void {
  if (ROLES_NOT_OFFERED.includes(role)) {
    const message = `"${role}" is not supported, since tools cannot be called; remove the message.`;
    refuse(context, { path: ["role"], message });
  } else reject(context, ["role"], `must be one of ${Object.keys(ROLES).join(", ")}.`);
}

function checkOthers(others: Record<string, unknown>, context: z.core.$RefinementCtx): boolean {
  for (const [key, value] of Object.entries(others)) {
    const saysNothing = value === null || value === undefined || isEmptyList(value);
    if (!FIELDS_KNOWN.has(key))
      reject(context, [key], "is no known field of a message; remove it.");
    else if (saysNothing) continue;
    else refuse(context, { path: [key], message: "is not supported in a message; remove it." });
    return false;
  }
  return true;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** JSON can spell half a surrogate pair, which no tokenizer has a token for. */
function toTextPart(text: string, path: PropertyKey[], context: z.core.$RefinementCtx): TextPart {
  if (!text.isWellFormed()) {
    reject(context, path, "holds half of a surrogate pair; send well-formed Unicode.");
  }
  return { type: "text", text };
}
