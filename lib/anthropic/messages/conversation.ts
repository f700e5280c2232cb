import * as z from "zod";
import { MESSAGES_MAX } from "@/lib/limits";
import {
  type GivenMessage,
  messageText,
  type TextPart,
  type Thought,
  textMessage,
} from "@/lib/protocol/message";
import { THOUGHTS_MAX } from "@/lib/upstream-limits";
import { refuse, reject } from "@/lib/util/refuse";
import { BLOCKS_NOT_OFFERED, type Block, type ContentRules, toBlocks } from "./blocks";

/**
 * Anthropic's turns → our messages. The results of calls, which stand in a user's turn there, are
 * messages of their own here; turns of one role in a row are one turn, as their API reference says.
 */

const IN_MESSAGE = { path: ["content"], notOffered: BLOCKS_NOT_OFFERED };
const ROLES = {
  user: { ...IN_MESSAGE, types: ["text", "image", "tool_result"], place: "a user's message" },
  assistant: {
    ...{ ...IN_MESSAGE, place: "an assistant's message" },
    types: ["text", "tool_use", "thinking", "redacted_thinking"],
  },
  system: { ...IN_MESSAGE, types: ["text"], place: "a system message" },
} as const satisfies Record<string, ContentRules>;

type Role = keyof typeof ROLES;
type Turn = { role: Role; blocks: Block[] };

const turnSchema = z
  .strictObject({ role: z.string(), content: z.union([z.string(), z.array(z.unknown())]) })
  .transform(({ role: wireRole, content }, context): Turn => {
    // The keys of a table are the names of its type.
    const role = (Object.keys(ROLES) as Role[]).find((it) => it === wireRole);
    if (role === undefined) {
      const remedy = wireRole === "tool" ? "; send results as `tool_result` blocks of a user" : "";
      reject(context, ["role"], `must be one of ${Object.keys(ROLES).join(", ")}${remedy}.`);
      return z.NEVER;
    }
    // Of an assistant an empty answer comes back as it went out.
    if (content.length === 0 && typeof content !== "string" && role !== "assistant") {
      reject(context, ["content"], "must hold at least one block.");
      return z.NEVER;
    }
    const blocks = toBlocks(content, ROLES[role], context);
    return blocks ? { role, blocks } : z.NEVER;
  });

export const conversationSchema = z
  .array(turnSchema)
  .min(1)
  .max(MESSAGES_MAX)
  .superRefine(checkTurns)
  .transform((turns, context): GivenMessage[] => {
    const messages = joinTurns(turns.flatMap(toMessages));
    if (messages.length <= MESSAGES_MAX) return messages;
    reject(context, [], `hold more than ${MESSAGES_MAX} texts and results of calls; send fewer.`);
    return z.NEVER;
  });

export const systemSchema = z
  .union([z.string(), z.array(z.unknown())])
  .transform((content, context): TextPart[] => {
    const blocks = toBlocks(content, { ...ROLES.system, path: [], place: "`system`" }, context);
    return blocks?.flatMap((it) => (it.type === "text" ? [it.part] : [])) ?? z.NEVER;
  });

/** The conversation with the system's prompt before it, if that says anything. */
export function withSystem(
  parts: TextPart[] | null | undefined,
  messages: GivenMessage[],
): GivenMessage[] {
  if (!parts?.some(({ text }) => text !== "")) return messages;
  return joinTurns([{ role: "system", content: parts }, ...messages]);
}

function checkTurns(turns: Turn[], context: z.core.$RefinementCtx): void {
  const last = turns.length - 1;
  if (turns[last]?.role === "assistant") {
    const message =
      'is "assistant" in the last message; models here begin an answer anew. End with a message of the user.';
    refuse(context, { path: [last, "role"], message });
  }
  const called = new Set<string>();
  for (const [index, { blocks }] of turns.entries()) {
    for (const [place, block] of blocks.entries()) {
      if (block.type === "call") called.add(block.call.id);
      if (block.type !== "result" || called.has(block.callId)) continue;
      const path = [index, "content", place, "tool_use_id"];
      reject(context, path, "names no `tool_use` block before it.");
      return;
    }
  }
}

function toMessages({ role, blocks }: Turn): GivenMessage[] {
  if (role === "assistant") {
    const content = blocks.flatMap((it) => (it.type === "text" ? [it.part] : []));
    const toolCalls = blocks.flatMap((it) => (it.type === "call" ? [it.call] : []));
    const thoughts = toThoughts(blocks);
    const more = { ...(thoughts.length > 0 && { thoughts }) };
    if (toolCalls.length > 0) return [{ role, content, toolCalls, ...more }];
    return [{ ...(content.length > 0 ? { role, content } : textMessage(role, "")), ...more }];
  }
  const messages: GivenMessage[] = [];
  for (const block of blocks) {
    if (block.type === "result") {
      messages.push({ role: "tool", content: block.content, toolCallId: block.callId });
    } else if ("part" in block) {
      const before = messages.at(-1);
      if (before?.role === role) before.content.push(block.part);
      else messages.push({ role, content: [block.part] });
    }
  }
  return messages;
}

/** The last ones of more than a message may have: they are what its provider looks at. */
function toThoughts(blocks: readonly Block[]): Thought[] {
  let after = 0;
  const thoughts: Thought[] = [];
  for (const block of blocks) {
    if (block.type === "text") after += 1;
    if (block.type !== "thought") continue;
    thoughts.push({ text: block.text, seal: block.seal, after });
  }
  return thoughts.slice(-THOUGHTS_MAX);
}

/** Between two turns that become one. */
const PARAGRAPH: TextPart = { type: "text", text: "\n\n" };

function joinTurns(messages: GivenMessage[]): GivenMessage[] {
  const joined: GivenMessage[] = [];
  for (const message of messages) {
    const before = joined.at(-1);
    if (before?.role !== message.role || message.role === "tool") {
      joined.push(message);
      continue;
    }
    const gap = messageText(before) !== "" && messageText(message) !== "" ? [PARAGRAPH] : [];
    const toolCalls = [...(before.toolCalls ?? []), ...(message.toolCalls ?? [])];
    const moved = before.content.length + gap.length;
    const later = (message.thoughts ?? []).map((it) => ({ ...it, after: it.after + moved }));
    const thoughts = [...(before.thoughts ?? []), ...later].slice(-THOUGHTS_MAX);
    joined[joined.length - 1] = {
      role: before.role,
      content: [...before.content, ...gap, ...message.content],
      ...(toolCalls.length > 0 && { toolCalls }),
      ...(thoughts.length > 0 && { thoughts }),
    };
  }
  return joined;
}
