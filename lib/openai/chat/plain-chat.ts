import { MESSAGES_MAX } from "@/lib/limits";
import type { Message } from "@/lib/protocol/message";
import type { ChatRequest } from "./request";

/** What may stand in a plain chat besides its messages: each says whether it holds what the schema takes as it is. */
const FIELDS: Record<string, (value: unknown) => boolean> = {
  model: (it) => typeof it === "string" && it !== "" && it.length <= 256 && it.isWellFormed(),
  temperature: (it) => isWithin(it, 0, 2),
  top_p: (it) => isWithin(it, 0, 1),
  max_tokens: isCount,
  max_completion_tokens: isCount,
  n: (it) => it === 1,
  seed: (it) => Number.isSafeInteger(it),
  presence_penalty: (it) => isWithin(it, -2, 2),
  frequency_penalty: (it) => isWithin(it, -2, 2),
  stream: (it) => typeof it === "boolean",
  user: (it) => typeof it === "string",
};

const ROLES: Record<string, Message["role"]> = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
};

/**
 * A chat of texts alone and of the common fields, as `chatRequestSchema` reads it; undefined for any other
 * body. Here nothing is refused: what is wrong is for the schema to say.
 */
export function readPlainChat(value: unknown): ChatRequest | undefined {
  if (!isRecord(value) || !("model" in value)) return undefined;
  const messages = readMessages(value.messages);
  if (messages === undefined) return undefined;
  for (const name of Object.keys(value)) {
    if (name === "messages") continue;
    const holds = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (holds === undefined || !holds(value[name])) return undefined;
  }
  if (value.max_tokens !== undefined && value.max_completion_tokens !== undefined) return undefined;
  // Each field holds what its type says: that is what was looked at.
  const body = value as ChatRequest;
  // The value was parsed for this request alone.
  body.messages = messages;
  return body;
}

function readMessages(given: unknown): Message[] | undefined {
  if (!Array.isArray(given) || given.length === 0 || given.length > MESSAGES_MAX) return undefined;
  const messages: Message[] = [];
  for (const message of given) {
    if (!isRecord(message) || Object.keys(message).length !== 2) return undefined;
    const { role, content } = message;
    if (typeof role !== "string" || typeof content !== "string") return undefined;
    const known = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
    if (known === undefined || !content.isWellFormed()) return undefined;
    messages.push({ role: known, content: [{ type: "text", text: content }] });
  }
  return messages;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && value >= least && value <= most;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}
