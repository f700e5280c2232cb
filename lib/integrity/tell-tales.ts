import { fold, type Word, wordsOf } from "./folded-words";
import { INNOCENT_WORDS, ORDINARY_WORDS, ORGANISATION_FILLERS, SELF_MARKS } from "./name-words";

/**
 * By which words a model gives itself away, and whether a text holds one. Names are compared word by word,
 * as people read them: without case and accents, and whatever stands between the parts of one (`GPT4`,
 * `gpt-4`, `GPT - 4`). What is also a word of everyday language (a llama, the mistral, Google) tells
 * something only where the text speaks of itself; so does every name that the visitor brought up.
 */

/** What is known of a model by which it could be told. */
export type ModelNames = {
  name: string;
  organisation?: string | undefined;
  aliases?: readonly string[];
  /** An operator's own phrases for it. */
  phrases?: readonly string[];
};

/** Joined words → whether any mention tells, or only one in a sentence about the speaker. */
type TellTales = ReadonlyMap<string, "mention" | "self">;

/** Words that one name may be spread over: `G P T 4` is four. */
const PARTS_MAX = 8;
/** Words between `I am` and the name. */
const SELF_DISTANCE_MAX = 8;
/** A word below this is a name only together with others. */
const FAMILY_LENGTH_MIN = 3;

/** @param innocentWords an operator's, beside ours */
export function toTellTales(
  { name, organisation, aliases = [], phrases = [] }: ModelNames,
  innocentWords: readonly string[] = [],
): TellTales {
  const innocent = new Set([...INNOCENT_WORDS, ...innocentWords.map(joined)]);
  const found = new Map<string, "mention" | "self">();
  const add = (words: readonly Word[], kind: "mention" | "self") => {
    const phrase = words.map(({ text }) => text).join("");
    if (phrase.length < 2 || innocent.has(phrase) || found.get(phrase) === "mention") return;
    const isOrdinary = words.length === 1 && ORDINARY_WORDS.has(phrase);
    found.set(phrase, isOrdinary ? "self" : kind);
  };
  const isTelling = ({ text }: Word) =>
    text.length >= FAMILY_LENGTH_MIN && !/^\d/.test(text) && !innocent.has(text);

  const [owner, short] = splitName(name);
  const words = wordsOf(short);
  add(words, words.some(isTelling) || words.length > 1 ? "mention" : "self");
  for (const [index, word] of words.entries()) {
    if (innocent.has(word.text)) continue;
    const next = words[index + 1];
    // A family and its version: `llama 3`, `o1`.
    if (next && /^\d/.test(next.text) && !/^\d/.test(word.text)) add([word, next], "mention");
    if (isTelling(word)) add([word], "mention");
  }
  for (const organisationName of [owner, organisation]) {
    const parts = wordsOf(organisationName ?? "");
    const own = parts.filter(({ text }) => !ORGANISATION_FILLERS.has(text));
    if (own.length === 0) continue;
    add(parts, parts.length > 1 ? "mention" : "self");
    for (const word of own) if (isTelling(word)) add([word], "mention");
  }
  for (const alias of aliases) add(wordsOf(alias), wordsOf(alias).length > 1 ? "mention" : "self");
  // An operator's word is not weighed.
  for (const phrase of phrases) if (joined(phrase) !== "") found.set(joined(phrase), "mention");
  return found;
}

/**
 * The first name in `text` by which its model gives itself away, as it stands there; undefined: none. Takes
 * time in proportion to the text, about 10 ms for 100,000 characters.
 *
 * @param prompt what the visitor wrote: a name in it tells nothing unless the model says that it is its own
 */
export function findTellTale(
  text: string,
  tellTales: TellTales,
  prompt: string,
): string | undefined {
  if (tellTales.size === 0) return undefined;
  const folded = fold(text);
  const words = wordsOf(folded);
  const asked = findAll(wordsOf(prompt), tellTales);
  const longest = Math.max(...[...tellTales.keys()].map(({ length }) => length));
  let selfAt = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < words.length; index++) {
    if (words[index]?.startsSentence) selfAt = Number.NEGATIVE_INFINITY;
    const mark = matchAt(words, index, SELF_MARKS, SELF_MARK_LENGTH_MAX);
    if (mark) selfAt = index + mark.parts - 1;
    const match = matchAt(words, index, tellTales, longest);
    if (match === undefined) continue;
    const isAboutSelf = index - selfAt <= SELF_DISTANCE_MAX;
    const tells = tellTales.get(match.phrase) === "mention" && !asked.has(match.phrase);
    if (!tells && !isAboutSelf) continue;
    const end = words[index + match.parts - 1]?.end;
    return folded.slice(words[index]?.start, end);
  }
  return undefined;
}

const SELF_MARK_LENGTH_MAX = Math.max(...[...SELF_MARKS.keys()].map(({ length }) => length));

function findAll(words: readonly Word[], phrases: TellTales): Set<string> {
  const longest = Math.max(0, ...[...phrases.keys()].map(({ length }) => length));
  return new Set(
    words.flatMap((_, index) => matchAt(words, index, phrases, longest)?.phrase ?? []),
  );
}

/** The longest of `phrases` that the words from `index` on make, joined; their ends are ends of words. */
function matchAt(
  words: readonly Word[],
  index: number,
  phrases: ReadonlyMap<string, unknown>,
  lengthMax: number,
): { phrase: string; parts: number } | undefined {
  let phrase = "";
  let match: { phrase: string; parts: number } | undefined;
  for (let parts = 1; parts <= PARTS_MAX; parts++) {
    const word = words[index + parts - 1];
    if (word === undefined) break;
    // `O(1)` is no `o1`: very short names allow nothing but a blank or a hyphen inside.
    if (parts > 1 && !(phrase.length < FAMILY_LENGTH_MIN ? word.isTight : word.isNear)) break;
    phrase += word.text;
    if (phrase.length > lengthMax) break;
    if (phrases.has(phrase)) match = { phrase, parts };
  }
  return match;
}

const joined = (text: string) =>
  wordsOf(text)
    .map(({ text: word }) => word)
    .join("");

/** `meta-llama/Llama-3.1-8B-Instruct`: who published it, and what it is called. */
function splitName(name: string): [string | undefined, string] {
  const slash = name.lastIndexOf("/");
  return slash === -1 ? [undefined, name] : [name.slice(0, slash), name.slice(slash + 1)];
}
