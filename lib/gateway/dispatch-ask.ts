import type { DispatchAsk } from "@/lib/controller/policies/policy";
import {
  CHARACTERS_A_TOKEN,
  PREFIX_BLOCK_CHARACTERS,
  PREFIX_BLOCKS_MAX,
  READ_TOKEN_COST,
} from "@/lib/fleet-limits";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { guessWork, measureRequest } from "@/lib/protocol/measure-request";
import { type Message, messageText } from "@/lib/protocol/message";
import { hashText } from "@/lib/util/hash-text";

export type AskOptions = {
  request: GenerateRequest;
  /** Who asks: conversations of two callers are never one. */
  owner: string;
  /** What the caller calls the conversation, or whoever talks in it; unless given, it is known by how it began. */
  session?: string | undefined;
};

/** What of a request bears upon which worker is chosen. */
export function toDispatchAsk({ request, owner, session }: AskOptions): DispatchAsk {
  let prefix: readonly number[] | undefined;
  return {
    tokens: guessWork(measureRequest(request)),
    session: () => `${owner} ${session ?? beginningOf(request)}`,
    prefix: () => {
      prefix ??= hashBlocks(toPromptText(request), request.cacheSalt);
      return prefix;
    },
  };
}

/** Of texts that are read alone. They belong to no conversation, and begin like no other. */
export function toReadingAsk(texts: readonly (string | readonly number[])[]): DispatchAsk {
  const tokens = texts.reduce(
    (sum, it) => sum + (typeof it === "string" ? it.length / CHARACTERS_A_TOKEN : it.length),
    0,
  );
  return { tokens: tokens * READ_TOKEN_COST, session: () => undefined, prefix: () => [] };
}

/**
 * Tokens that a worker must hold for it, by a guess, in steps of an eighth: those who wait are told apart by
 * what can serve them. 0 where every worker holds it.
 */
export function guessLength(request: GenerateRequest): number {
  const { promptCharacters, maxTokens = 0 } = measureRequest(request);
  const tokens = promptCharacters / CHARACTERS_A_TOKEN + maxTokens;
  if (tokens <= SHORT_TOKENS) return 0;
  const step = 2 ** (Math.floor(Math.log2(tokens)) - 3);
  return Math.floor(tokens / step) * step;
}

/** Models that hold less are for tests. */
const SHORT_TOKENS = 512;

/** All before the first answer, by which later turns of a conversation are known. */
function beginningOf({ model, messages, prompt }: GenerateRequest): string {
  if (prompt !== undefined) {
    const [first = ""] = toBlocks(typeof prompt === "string" ? prompt : spell(prompt));
    return `${model} ${hashText(first)}`;
  }
  const answerAt = messages.findIndex(({ role }) => role === "assistant");
  const before = answerAt === -1 ? messages : messages.slice(0, answerAt);
  return `${model} ${before.reduce((hash, it) => hashText(messageText(it), hash), 0)}`;
}

/** About as a chat template orders it: tools stand before the messages. */
function toPromptText({ messages, prompt, toolRequest }: GenerateRequest): string {
  if (prompt !== undefined) return typeof prompt === "string" ? prompt : spell(prompt);
  const most = PREFIX_BLOCK_CHARACTERS * PREFIX_BLOCKS_MAX;
  let text = toolRequest === undefined ? "" : JSON.stringify(toolRequest);
  for (const message of messages) {
    if (text.length >= most) break;
    text += spellMessage(message);
  }
  return text;
}

function spellMessage(message: Message): string {
  const calls = message.toolCalls === undefined ? "" : JSON.stringify(message.toolCalls);
  return `\0${message.role}\0${messageText(message)}${calls}`;
}

const spell = (ids: readonly number[]) =>
  ids.slice(0, (PREFIX_BLOCK_CHARACTERS * PREFIX_BLOCKS_MAX) / 2).join(" ");

/** Whole blocks alone: what is shorter is read in no time. */
function toBlocks(text: string): string[] {
  const count = Math.min(Math.floor(text.length / PREFIX_BLOCK_CHARACTERS), PREFIX_BLOCKS_MAX);
  return Array.from({ length: count }, (_, index) =>
    text.slice(index * PREFIX_BLOCK_CHARACTERS, (index + 1) * PREFIX_BLOCK_CHARACTERS),
  );
}

/** Each block's hash holds those before it, and the salt by which workers keep callers' prompts apart. */
function hashBlocks(text: string, salt = ""): readonly number[] {
  let hash = hashText(salt);
  return toBlocks(text).map((block) => {
    hash = hashText(block, hash);
    return hash;
  });
}
