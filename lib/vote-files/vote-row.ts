import type { Outcome } from "@/lib/rating/outcome";
import { VOTE_NAME_CHARACTERS_MAX } from "@/lib/vote-file-limits";
import { languageCode } from "./language-names";
import { countMarkdown } from "./markdown-counts";
import { type SideStyle, WINNERS } from "./vote-line";

/** One vote of a file, whatever the file's form. */
export type VoteRow = {
  /** The file's own name of the battle. */
  id: string | null;
  modelA: string;
  modelB: string;
  outcome: Outcome;
  /** Seconds since 1970. */
  time: number | null;
  /** Who voted, as the file says it. */
  voter: string | null;
  /** BCP 47 primary code where the language is known here. */
  language: string | null;
  /** The names were not shown before the vote. */
  isAnonymous: boolean;
  turn: number | null;
  pairProbability: number | null;
  /** The file's own names of categories; null where it has none. */
  categories: string[] | null;
  /** Tokens of the longer one of both conversations, prompts included where they were counted. */
  length: number | null;
  /** Null where neither counts nor conversations are there. */
  style: { a: SideStyle; b: SideStyle } | null;
  conversations: { a: Message[]; b: Message[] } | null;
};

export type Message = {
  isAnswer: boolean;
  text: string;
  tokens: number;
  /** The file has no count of tokens: four bytes of text were taken for one. */
  isEstimated: boolean;
};

/** What a row needs beside its names and its winner. */
export type RowWants = { style?: boolean | undefined; conversations?: boolean | undefined };

/** Why a record is no vote, as a sentence without its subject: "has no winner". */
export class BadRow extends Error {
  override readonly name = "BadRow";
}

const OUTCOMES: ReadonlyMap<unknown, Outcome> = new Map<unknown, Outcome>([
  ...Object.entries(WINNERS).map(([outcome, winner]): [string, Outcome] => [
    winner,
    // The entries of WINNERS are by outcome.
    outcome as Outcome,
  ]),
  // Newer public sets write it so.
  ["both_bad", "both-bad"],
]);

/** Undefined of a word that is no outcome. */
export function outcomeOf(winner: unknown): Outcome | undefined {
  return OUTCOMES.get(winner);
}

type Fields = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A record of FastChat's `clean_battle` files, of our export, or of a table whose cells are texts.
 *
 * @throws BadRow
 */
export function toVoteRow(record: unknown, wants: RowWants = {}): VoteRow {
  if (!isRecord(record)) throw new BadRow("is not an object");
  const modelA = nameOf(record, "model_a");
  const modelB = nameOf(record, "model_b");
  if (modelA === modelB) throw new BadRow(`sets ${JSON.stringify(modelA)} against itself`);
  const { winner } = record;
  const outcome = OUTCOMES.get(winner);
  if (outcome === undefined) throw new BadRow(badWinner(winner));
  const counts = toCounts(record);
  const conversations = readConversations(record);
  const style = wants.style ? readStyle(counts, conversations) : null;
  return {
    ...{ modelA, modelB, outcome, style },
    id: textOf(record, "question_id"),
    time: timeOf(record.tstamp ?? record.timestamp),
    voter: textOf(record, "judge"),
    language: languageOf(record),
    isAnonymous: flagOf(record, "anony") ?? true,
    turn: countOf(record, "turn"),
    pairProbability: probabilityOf(record.pair_probability),
    categories: categoriesOf(record.categories),
    length: lengthOf(counts, conversations),
    conversations,
  };
}

function badWinner(winner: unknown): string {
  if (winner === undefined || winner === null || winner === "") return "has no winner";
  const said = JSON.stringify(winner).slice(0, 60);
  return `has the winner ${said}, which is none of ${Object.values(WINNERS).join(", ")}`;
}

function nameOf(record: Fields, field: string): string {
  const name = record[field];
  if (name === undefined || name === null || name === "") throw new BadRow(`has no ${field}`);
  if (typeof name !== "string") throw new BadRow(`has a ${field} that is not a text`);
  if (NOT_IN_NAMES.test(name)) throw new BadRow(`has a ${field} with characters that no name has`);
  if (name.length <= VOTE_NAME_CHARACTERS_MAX) return name;
  throw new BadRow(`has a ${field} of more than ${VOTE_NAME_CHARACTERS_MAX} characters`);
}

/** Of control, and halves of characters; databases refuse some of both. */
const NOT_IN_NAMES = /[\p{Cc}\p{Cs}]/u;

const isAbsent = (value: unknown) => value === undefined || value === null || value === "";

function textOf(record: Fields, field: string): string | null {
  const value = record[field];
  if (isAbsent(value)) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new BadRow(`has a ${field} that is not a text`);
}

function languageOf(record: Fields): string | null {
  const said = textOf(record, "language");
  return said === null ? null : languageCode(said);
}

/** The year 2200: what is beyond it counts milliseconds, or is damaged. */
export const latestSeconds = 7_258_118_400;
/** Moments that pandas writes: milliseconds from 1973 on, which as seconds would be beyond the year 5000. */
const EARLIEST_MILLISECONDS = 1e11;

/** A moment in seconds or milliseconds, or in ISO 8601. */
function timeOf(value: unknown): number | null {
  if (isAbsent(value)) return null;
  const isDate = typeof value === "string" && Number.isNaN(Number(value));
  const number = isDate ? Date.parse(value) : Number(value);
  const seconds = isDate || number >= EARLIEST_MILLISECONDS ? number / 1_000 : number;
  if (seconds >= 0 && seconds < latestSeconds) return seconds;
  throw new BadRow("has a tstamp that is no moment in seconds or milliseconds since 1970");
}

/** Tables of Python write True and False. */
function flagOf(record: Fields, field: string): boolean | null {
  const value = record[field];
  if (isAbsent(value)) return null;
  if (value === true || value === 1 || /^(?:true|1)$/i.test(String(value))) return true;
  if (value === false || value === 0 || /^(?:false|0)$/i.test(String(value))) return false;
  throw new BadRow(`has an ${field} that is neither true nor false`);
}

function numberOf(value: unknown): number | null {
  if (isAbsent(value)) return null;
  const number =
    typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : Number.NaN;
}

/** Turns of a conversation that a file may tell; more are damage. */
export const TURN_MAX = 65_535;

function countOf(record: Fields, field: string): number | null {
  const value = numberOf(record[field]);
  if (value === null || (value >= 0 && value <= TURN_MAX)) return value;
  throw new BadRow(`has a ${field} that is no count`);
}

function probabilityOf(value: unknown): number | null {
  const probability = numberOf(value);
  if (probability === null || (probability > 0 && probability <= 1)) return probability;
  throw new BadRow("has a pair_probability that is not above 0 and at most 1");
}

/** A list, or in a table one as JSON. */
function categoriesOf(value: unknown): string[] | null {
  if (isAbsent(value)) return null;
  const list = typeof value === "string" ? parseCell(value) : value;
  if (Array.isArray(list) && list.every((it) => typeof it === "string")) return list;
  throw new BadRow("has categories that are not a list of names");
}

/** `conv_metadata`, and counts that stand beside it in tables. */
function toCounts(record: Fields): Fields {
  const { conv_metadata: nested } = record;
  if (isAbsent(nested)) return record;
  const metadata = typeof nested === "string" ? parseCell(nested) : nested;
  if (isRecord(metadata)) return metadata;
  throw new BadRow("has a conv_metadata that is not an object");
}

/** JSON, or what Python prints of an object of numbers; undefined of anything else. */
function parseCell(text: string): unknown {
  for (const json of [text, text.replaceAll("'", '"')]) {
    try {
      return JSON.parse(json);
    } catch {
      // The other spelling, or neither: the caller says what the row has.
    }
  }
  return undefined;
}

/** A number, or numbers by kind: `{"h1": 2, "h2": 0}`. Null where there is none. */
function readCount(counts: Fields, field: string): number | null {
  const value = counts[field];
  if (isAbsent(value)) return null;
  const parts = typeof value === "string" && value.startsWith("{") ? parseCell(value) : value;
  const numbers = isRecord(parts) ? Object.values(parts) : [parts];
  const sum = numbers.reduce<number>((so, it) => so + (numberOf(it) ?? Number.NaN), 0);
  if (sum >= 0) return sum;
  throw new BadRow(`has a ${field} that is no count`);
}

function readStyle(counts: Fields, conversations: VoteRow["conversations"]): VoteRow["style"] {
  const [a, b] = [readSide(counts, "a"), readSide(counts, "b")];
  const isWhole = [a, b].every((side) => Object.values(side).every((it) => it !== null));
  if (conversations !== null && !isWhole) {
    const counted = { a: countAnswers(conversations.a), b: countAnswers(conversations.b) };
    return { a: filled(a, counted.a), b: filled(b, counted.b) };
  }
  const known =
    isWhole ||
    [a, b].every(({ headers, lists, bold }) => headers !== null && lists !== null && bold !== null);
  // Counts without tokens are of battles whose workers did not tell.
  return known ? { a: filled(a, NOTHING), b: filled(b, NOTHING) } : null;
}

type PartialSide = { [K in keyof SideStyle]: number | null };
const NOTHING: SideStyle = { tokens: null, headers: 0, lists: 0, bold: 0 };

function readSide(counts: Fields, side: "a" | "b"): PartialSide {
  return {
    tokens: readCount(counts, `sum_assistant_${side}_tokens`),
    headers: readCount(counts, `header_count_${side}`),
    lists: readCount(counts, `list_count_${side}`),
    bold: readCount(counts, `bold_count_${side}`),
  };
}

function filled(side: PartialSide, counted: SideStyle): SideStyle {
  return {
    tokens: side.tokens ?? counted.tokens,
    headers: side.headers ?? counted.headers,
    lists: side.lists ?? counted.lists,
    bold: side.bold ?? counted.bold,
  };
}

function countAnswers(messages: readonly Message[]): SideStyle {
  const answers = messages.filter(({ isAnswer }) => isAnswer);
  const tokens = answers.reduce((sum, it) => sum + it.tokens, 0);
  return { tokens, ...countMarkdown(answers.map(({ text }) => text)) };
}

function readConversations(record: Fields): VoteRow["conversations"] {
  const { conversation_a: a, conversation_b: b } = record;
  if (!Array.isArray(a) || !Array.isArray(b)) return null;
  return { a: a.map(toMessage), b: b.map(toMessage) };
}

function toMessage(value: unknown): Message {
  if (!isRecord(value)) throw new BadRow("has a conversation with a message that is not an object");
  const text = plainText(value.content);
  const tokens = numberOf(value.num_tokens);
  return {
    isAnswer: value.role === "assistant",
    text,
    tokens: tokens ?? Math.ceil(Buffer.byteLength(text) / 4),
    isEstimated: tokens === null,
  };
}

/** A text, or parts of which the texts are read: pictures stand beside them in FastChat's and in OpenAI's form. */
export function plainText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const texts = content.map((part) => (isRecord(part) ? part.text : part));
  return texts.filter((it) => typeof it === "string").join("\n");
}

/** FastChat's `long` compares what this gives: all tokens of a conversation, its prompts included. */
function lengthOf(counts: Fields, conversations: VoteRow["conversations"]): number | null {
  if (conversations !== null) {
    const sum = (messages: Message[]) => messages.reduce((so, it) => so + it.tokens, 0);
    return Math.max(sum(conversations.a), sum(conversations.b));
  }
  const [a, b] = [
    readCount(counts, "sum_assistant_a_tokens"),
    readCount(counts, "sum_assistant_b_tokens"),
  ];
  if (a === null || b === null) return null;
  return Math.max(a, b) + (readCount(counts, "sum_user_tokens") ?? 0);
}
