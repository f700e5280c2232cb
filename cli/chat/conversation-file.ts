import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { CHAT_FILE_BYTES_MAX } from "@/lib/terminal-limits";
import { StartError } from "@/lib/util/start-error";
import type { ChatMessage } from "./chat-source";
import { type Conversation, OUTCOMES, pickAnswer, type Turn } from "./conversation";

/**
 * FastChat's file of a conversation (`Conversation.dict()` of its conversation.py), which both read: a
 * template's name, the system message, two roles, messages as pairs, and how many of them are examples. Who
 * answered, and comparisons with their votes, stand beside them under `parley`, which FastChat ignores.
 */

/** FastChat's template of these two roles without marks of its own. */
const TEMPLATE = "chatgpt";
const ROLES = ["user", "assistant"] as const;

/** Of a message with pictures the words are first. */
const wordsSchema = z.union([
  z.string(),
  z.tuple([z.string()], z.unknown()).transform(([it]) => it),
]);
const turnSchema = z
  .object({
    prompt: z.string(),
    answers: z.array(z.string()).min(1).max(2),
    models: z.array(z.string()).min(1).max(2),
    vote: z.enum(OUTCOMES).optional(),
  })
  .refine((it) => it.answers.length === it.models.length, "each answer has its model");
const fileSchema = z.object({
  system_message: z.string().optional(),
  /** Of before FastChat had templates of system messages. */
  system: z.string().optional(),
  roles: z.tuple([z.string().min(1), z.string().min(1)]).optional(),
  messages: z.array(z.tuple([z.string(), wordsSchema.nullable()])),
  offset: z.number().int().min(0).optional(),
  parley: z.object({ turns: z.array(turnSchema) }).optional(),
});

/** `name` as FastChat takes it: without a dot it gets `.json`. */
export function toSavePath(name: string): string {
  return name.includes(".") ? name : `${name}.json`;
}

/** Whole or not at all, and for its owner alone: it is what somebody said to a model. */
export function saveConversation(conversation: Conversation, path: string): void {
  const { system, roles, turns, examples } = conversation;
  const [user, assistant] = roles;
  const toPair = ({ role, content }: ChatMessage) => [role === "user" ? user : assistant, content];
  const messages = [
    ...examples.map(toPair),
    ...turns.flatMap((turn) => [
      [user, turn.prompt],
      [assistant, pickAnswer(turn)],
    ]),
  ];
  const file = {
    template_name: TEMPLATE,
    system_message: system ?? "",
    roles,
    messages,
    offset: examples.length,
    parley: { turns },
  };
  const draft = `${path}.${process.pid}`;
  attempt(path, "written", () => {
    try {
      writeFileSync(draft, `${JSON.stringify(file)}\n`, { mode: 0o600 });
      renameSync(draft, path);
    } finally {
      rmSync(draft, { force: true });
    }
  });
}

/** The file that `name` means; undefined where there is none. */
export function findSaved(name: string): string | undefined {
  if (existsSync(name)) return name;
  const longer = `${name}.json`;
  return !name.endsWith(".json") && existsSync(longer) ? longer : undefined;
}

/** @throws StartError that says what the file is instead. */
export function loadConversation(conversation: Conversation, path: string): void {
  const text = attempt(path, "read", () => {
    const found = statSync(path);
    // Of a pipe or a device nobody knows where it ends.
    if (!found.isFile()) throw refusal(`${path} is no file`);
    if (found.size > CHAT_FILE_BYTES_MAX) {
      throw refusal(`${path} is larger than ${CHAT_FILE_BYTES_MAX} bytes`);
    }
    return readFileSync(path, "utf8");
  });
  const parsed = fileSchema.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join(".") || "its whole";
    throw refusal(`${path} is no saved conversation (${place})`);
  }
  const { system_message, system = system_message, parley, offset = 0 } = parsed.data;
  const roles = parsed.data.roles ?? ROLES;
  const messages = toMessages(parsed.data.messages, roles, path);
  const turns = parley?.turns ?? toTurns(messages.slice(offset), path);
  conversation.system = system || undefined;
  conversation.roles = roles;
  conversation.examples = messages.slice(0, offset);
  conversation.restore(turns);
}

function toMessages(
  pairs: z.infer<typeof fileSchema>["messages"],
  [user, assistant]: readonly [string, string],
  path: string,
): ChatMessage[] {
  return pairs.flatMap(([who, content]): ChatMessage[] => {
    // An answer that was being written when the file was.
    if (content === null) return [];
    if (who === user) return [{ role: "user", content }];
    if (who === assistant) return [{ role: "assistant", content }];
    throw refusal(`${path} has a message of "${who}", who is neither ${user} nor ${assistant}`);
  });
}

function toTurns(messages: readonly ChatMessage[], path: string): Turn[] {
  const turns: Turn[] = [];
  for (let at = 0; at < messages.length; at += 2) {
    const [prompt, answer] = [messages[at], messages[at + 1]];
    if (prompt?.role !== "user" || (answer !== undefined && answer.role !== "assistant")) {
      throw refusal(`${path} does not have prompts and answers in turn (message ${at + 1})`);
    }
    // A prompt that nobody answered is nothing to go on from.
    if (answer !== undefined) {
      turns.push({ prompt: prompt.content, answers: [answer.content], models: [""] });
    }
  }
  return turns;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refusal(`${path} is no JSON`, cause);
  }
}

function refusal(message: string, cause?: unknown): StartError {
  const remedy = "Name a file that /save or FastChat's !!save has written.";
  return new StartError({ message: `${message}.`, remedy, cause });
}

/** What a system says of files, as words and what to do about it. */
const CURES: Record<string, readonly [string, string]> = {
  ENOENT: ["there is no such folder", "Make it, or name another."],
  ENOTDIR: ["a part of that path is a file", "Name another folder."],
  EISDIR: ["it is a folder", "Name a file in it."],
  ENOTEMPTY: ["it is a folder", "Name a file in it."],
  EACCES: ["this user may not", "Name a file that is yours."],
  EROFS: ["nothing can be written there", "Name another folder."],
  ENOSPC: ["the disk is full", "Free some space, or name another folder."],
  ENAMETOOLONG: ["its name is too long", "Name a shorter one."],
};

function attempt<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const [why, remedy] = CURES[code] ?? [cause instanceof Error ? cause.message : `${cause}`, ""];
    throw new StartError({ message: `${path} cannot be ${what}: ${why}.`, remedy, cause });
  }
}
