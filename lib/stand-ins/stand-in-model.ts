import { hashText } from "@/lib/util/hash-text";
import { seededRandom } from "@/lib/util/random";

/**
 * What stand-ins say in a model's place: words by the prompt, the seed and the temperature, so that the same
 * request gives the same words. A token is a word with the space before it, or a sign.
 */

const WORDS =
  "a river small lantern walks over the quiet bridge while seven birds answer from gardens of stone and old maps fold into morning light where nobody waits but every clock is kind".split(
    " ",
  );
/** Words of an answer that nothing cuts. */
const ANSWER_TOKENS = 40;
/** In a question: how many words its answer has instead. */
const WORDS_WANTED = /\bin (\d{1,4}) words\b/;

export type Wish = {
  prompt: string;
  temperature?: number | undefined;
  seed?: number | undefined;
  /** Of tokens; absent: until it ends by itself. */
  max?: number | undefined;
  ignoresEnd?: boolean | undefined;
};

/** Tokens of an answer, and whether they end by the limit. */
export function writeAnswer({ prompt, temperature = 1, seed, max, ignoresEnd }: Wish) {
  const isGreedy = temperature === 0;
  const drawn = isGreedy ? 0 : (seed ?? Math.floor(Math.random() * 2 ** 31));
  const random = seededRandom(hashText(prompt, drawn) >>> 0);
  const wanted = WORDS_WANTED.exec(prompt)?.[1];
  const drawnLength = ANSWER_TOKENS + Math.floor(random() * 8);
  const natural = wanted === undefined ? drawnLength : Number(wanted);
  const length = ignoresEnd && max !== undefined ? max : Math.min(max ?? natural, natural);
  const tokens = Array.from({ length }, (_, index) => {
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? "";
    return index === 0 ? word : ` ${word}`;
  });
  return { tokens, isCut: max !== undefined && length === max && (ignoresEnd || max <= natural) };
}

/** A text in tokens; joined they are the text. */
export function toTokens(text: string): string[] {
  return text.match(/\s*\w+|\s*[^\w\s]|\s+$/g) ?? [];
}

const VOCABULARY_SIZE = 32_000;
/** Tokens by their ids, of all that were given one here. */
const vocabulary = new Map<number, string>();

/** A number for each token, the same as long as the process lives, and of no other. */
export function idOf(token: string): number {
  let id = hashText(token) % VOCABULARY_SIZE;
  while (vocabulary.has(id) && vocabulary.get(id) !== token) id = (id + 1) % VOCABULARY_SIZE;
  vocabulary.set(id, token);
  return id;
}

/** Undefined for an id that no token was given. */
export function tokenOf(id: number): string | undefined {
  return vocabulary.get(id);
}

export type Score = { token: string; logprob: number };

/** How likely a token was, and what else was, the likeliest first; the token itself leads. */
export function scoreOf(token: string, place: number, count: number) {
  const random = seededRandom(hashText(token, place) >>> 0);
  const logprob = -0.1 - random() * 0.3;
  const others = WORDS.filter((word) => word !== token.trim()).slice(0, Math.max(0, count - 1));
  const alternatives: Score[] = [
    { token, logprob },
    // Together they have less than what the token leaves: e^-0.4 is 0.67, twenty times e^-5 are 0.13.
    ...others.map((word, index) => ({ token: ` ${word}`, logprob: -5 - index * 0.1 })),
  ];
  return { logprob, alternatives: alternatives.slice(0, count) };
}

/** A value by a JSON schema: the first choice, the least number of entries, all properties. */
export function fillSchema(schema: unknown, depth = 0): unknown {
  if (typeof schema !== "object" || schema === null || depth > 8) return null;
  const { const: only, enum: choices, type, properties, items, anyOf } = schema as Schema;
  if (only !== undefined) return only;
  if (choices) return choices[0];
  if (anyOf) return fillSchema(anyOf[0], depth + 1);
  switch (Array.isArray(type) ? type[0] : type) {
    case "object":
      return Object.fromEntries(
        Object.entries(properties ?? {}).map(([name, it]) => [name, fillSchema(it, depth + 1)]),
      );
    case "array":
      return [fillSchema(items, depth + 1)];
    case "string":
      return "lantern";
    case "integer":
    case "number":
      return 7;
    case "boolean":
      return true;
    default:
      return properties ? fillSchema({ type: "object", properties }, depth) : null;
  }
}

/** What is read of a schema; whoever sends another form gets null. */
type Schema = {
  const?: unknown;
  enum?: unknown[];
  type?: string | string[];
  properties?: Record<string, unknown>;
  items?: unknown;
  anyOf?: unknown[];
};

/** A vector for a text, not of unit length. */
export function toVector(text: string, size = 8): number[] {
  const random = seededRandom(hashText(text) >>> 0);
  return Array.from({ length: size }, () => random() * 4 - 2);
}
