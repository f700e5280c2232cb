import { guessLanguage } from "@/lib/rating/guess-language";
import type { LogDrop } from "./read-report";
import { BadRow, isRecord, plainText } from "./vote-row";

/**
 * Rows of the logs that FastChat's web servers write, one JSON a line: of each vote both names as the page
 * showed them (empty where the battle was anonymous), and both conversations with the models' own names. Votes
 * become records as in its `clean_battle` files, by the rules and in the order of its `clean_battle_data.py`
 * (fastchat 0.2.36). The language is told by a guess of ours, since its detector is a library of Python's.
 */

type Fields = Readonly<Record<string, unknown>>;

const WINNERS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ["leftvote", "model_a"],
  ["rightvote", "model_b"],
  ["tievote", "tie"],
  ["bothbad_vote", "tie (bothbad)"],
]);
/** What else such a log has rows of. */
const OTHER_KINDS = ["chat", "upvote", "downvote", "flag", "share"];

/** A conversation in which one of these stands, in whatever letters, has told who answers. */
const IDENTITY_WORDS = [
  ...["vicuna", "lmsys", "koala", "uc berkeley", "open assistant", "laion", "chatglm", "chatgpt"],
  ...["gpt-4", "openai", "anthropic", "claude", "bard", "palm", "lamda", "google", "gemini"],
  ...["llama", "qianwan", "qwen", "alibaba", "mistral", "zhipu", "keg lab", "01.ai", "ai2"],
  ...["tülu", "tulu", "deepseek", "hermes", "cohere", "dbrx", "databricks"],
];
const ERROR_WORDS = [
  "network error due to high traffic. please regenerate or refresh this page.",
  "$moderation$ your input violates our content moderation guidelines.",
  "api request error. please increase the number of max tokens.",
  "**api request error**",
];
const UNFINISHED_WORDS = ["▌", '<span class="cursor">'];

const RENAMED: ReadonlyMap<string, string> = new Map([
  ["bard", "palm-2"],
  ["claude-v1", "claude-1"],
  ["claude-instant-v1", "claude-instant-1"],
  ["oasst-sft-1-pythia-12b", "oasst-pythia-12b"],
  ["claude-2", "claude-2.0"],
  ["StripedHyena-Nous-7B", "stripedhyena-nous-7b"],
  ["gpt-4-turbo", "gpt-4-1106-preview"],
  ["gpt-4-0125-assistants-api", "gpt-4-turbo-browsing"],
]);
/** Names without a version, which changed hands at that moment. */
const VERSIONED = ["gpt-4", "gpt-3.5-turbo"];
const VERSION_CHANGE_SECONDS = 1_687_849_200;

/** Whether a record is a row of such a log. */
export function isLogRow(record: unknown): record is Fields {
  if (!isRecord(record) || "model_a" in record) return false;
  return WINNERS.has(record.type) || OTHER_KINDS.includes(String(record.type));
}

/**
 * The record of a `clean_battle` file that the row is, or why it is none.
 *
 * @throws BadRow for a vote that is not of the form.
 */
export function toLogVote(row: Fields): Fields | LogDrop | "other-kind" {
  const winner = WINNERS.get(row.type);
  if (winner === undefined) return "other-kind";
  const [stateA, stateB] = readStates(row);
  const names = readNames(row, [stateA, stateB]);
  if (names === "invalid" || stateA.messages.length === 0) return "invalid";
  const messages = [...stateA.messages, ...stateB.messages];
  if (messages.some((text) => text === "")) return "none_msg";
  const words = messages.map((text) => text.toLowerCase()).join("");
  const has = (list: readonly string[]) => list.some((word) => words.includes(word));
  if (has(IDENTITY_WORDS)) return "leaked_identity";
  if (has(ERROR_WORDS)) return "error";
  if (has(UNFINISHED_WORDS)) return "unfinished";
  const { tstamp, ip } = row;
  const rename = (name: string) => newName(name, Number(tstamp));
  return {
    question_id: stateA.id,
    ...{ model_a: rename(names.a), model_b: rename(names.b), winner },
    judge: typeof ip === "string" && ip !== "" ? `arena_user_${ip}` : null,
    conversation_a: toConversation(stateA.messages),
    conversation_b: toConversation(stateB.messages),
    turn: Math.floor(stateA.messages.length / 2),
    anony: names.isAnonymous,
    language: guessLanguage(stateA.messages[0] ?? ""),
    tstamp,
  };
}

type State = { model: string | null | undefined; id: unknown; messages: string[] };

function readStates(row: Fields): [State, State] {
  const { states } = row;
  const [a, b] = Array.isArray(states) ? states : [];
  if (!isRecord(a) || !isRecord(b)) throw new BadRow("is a vote of a log without its two states");
  return [toState(a), toState(b)];
}

function toState(state: Fields): State {
  const { messages, offset = 0, model_name: model } = state;
  if (!Array.isArray(messages)) throw new BadRow("is a vote of a log without its messages");
  return {
    model: typeof model === "string" || model === null ? model : undefined,
    id: state.conv_id,
    // Each is a role and a text, or a text with pictures.
    messages: messages.slice(Number(offset)).map((it) => textOf(it)),
  };
}

function textOf(message: unknown): string {
  const content: unknown = Array.isArray(message) ? message[1] : undefined;
  // Of a text with pictures the text comes first.
  return plainText(Array.isArray(content) ? content.slice(0, 1) : content);
}

type Names = { a: string; b: string; isAnonymous: boolean };

function readNames(row: Fields, [a, b]: [State, State]): Names | "invalid" {
  const shown = Array.isArray(row.models) ? row.models.map(toShown) : [];
  const [shownA, shownB] = shown;
  if (typeof shownA !== "string" || typeof shownB !== "string") return "invalid";
  // Rows of the first months lack the models' own names.
  const [ownA, ownB] = a.model ? [a.model, b.model ?? ""] : [shownA, shownB];
  if ((shownA === "") !== (shownB === "")) return "invalid";
  if (shownA === "" || shownA === "Model A") {
    return ownA === "" || ownB === "" ? "invalid" : { a: ownA, b: ownB, isAnonymous: true };
  }
  if (!shownA.includes(ownA) || !shownB.includes(ownB)) return "invalid";
  return { a: shownA, b: shownB, isAnonymous: false };
}

/** A name as the page showed it, out of the heading that it stood in. */
function toShown(raw: unknown): unknown {
  if (typeof raw !== "string") return raw;
  const plain = /^<h3>.*?: (.*)<\/h3>\s*$/s.exec(raw)?.[1] ?? raw;
  return /^### Model [AB]: (.*?)\s*$/s.exec(plain)?.[1] ?? plain;
}

function newName(name: string, seconds: number): string {
  if (VERSIONED.includes(name)) {
    return `${name}-${seconds > VERSION_CHANGE_SECONDS ? "0613" : "0314"}`;
  }
  return RENAMED.get(name) ?? name;
}

function toConversation(messages: readonly string[]) {
  return messages.map((content, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content,
  }));
}
