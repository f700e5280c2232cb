import { fold, type Word, wordsOf } from "./folded-words";
import {
  AFTER_NAME,
  ARE_YOU_QUESTIONS,
  COMMON_SELF_WORDS,
  FAMILIES,
  FAMILY_NAMES,
  GREETINGS,
  joinedWords,
  WHO_QUESTIONS,
  YES_WORDS,
} from "./identity-words";
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
  /** As its worker says, and as an operator has it shown. */
  organisation?: string | undefined;
  shownOrganisation?: string | undefined;
  aliases?: readonly string[];
  /** An operator's own phrases for it. */
  phrases?: readonly string[];
};

/**
 * Joined words → whether any mention tells, only one in a sentence about the speaker, or only as the word
 * right after `I am`, with which the sentence or a part of it ends.
 */
type Telling = "mention" | "self" | "direct";
type TellTales = ReadonlyMap<string, Telling>;

/** Words that a name or mark may be spread over: `G P T 4` is four. */
const PARTS_MAX = 8;
/** Words between `I am` and the name. */
const SELF_DISTANCE_MAX = 8;
/** A word below this is a name only together with others. */
const FAMILY_LENGTH_MIN = 3;

/** @param innocentWords an operator's, beside ours */
export function toTellTales(
  { name, organisation, shownOrganisation, aliases = [], phrases = [] }: ModelNames,
  innocentWords: readonly string[] = [],
): TellTales {
  const innocent = new Set([...INNOCENT_WORDS, ...innocentWords.map(joinedWords)]);
  const found = new Map<string, Telling>();
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
  const family = words[0]?.text ?? "";
  // `I am Pico`. What an operator calls innocent stays so.
  if (INNOCENT_WORDS.has(family) && !innocentWords.some((it) => joinedWords(it) === family)) {
    if (family.length >= FAMILY_LENGTH_MIN && !COMMON_SELF_WORDS.has(family)) {
      found.set(family, "direct");
    }
  }
  for (const [index, word] of words.entries()) {
    if (innocent.has(word.text)) continue;
    const next = words[index + 1];
    // A family and its version: `llama 3`, `o1`.
    if (next && /^\d/.test(next.text) && !/^\d/.test(word.text)) add([word, next], "mention");
    if (isTelling(word)) add([word], "mention");
  }
  for (const organisationName of [owner, organisation, shownOrganisation]) {
    const parts = wordsOf(organisationName ?? "");
    const own = parts.filter(({ text }) => !ORGANISATION_FILLERS.has(text));
    if (own.length === 0) continue;
    add(parts, parts.length > 1 ? "mention" : "self");
    for (const word of own) if (isTelling(word)) add([word], "mention");
  }
  for (const alias of aliases) add(wordsOf(alias), wordsOf(alias).length > 1 ? "mention" : "self");
  for (const { of, names, makers } of FAMILIES) {
    if (!of.test(short)) continue;
    for (const known of names) add(wordsOf(known), "mention");
    for (const maker of makers) add(wordsOf(maker), "self");
  }
  // An operator's word is not weighed.
  for (const phrase of phrases) {
    if (joinedWords(phrase) !== "") found.set(joinedWords(phrase), "mention");
  }
  return found;
}

/**
 * The first name in `text` by which its model gives itself away, as it stands there; undefined: none. Takes
 * time in proportion to the text, 60 ms for 100,000 characters of English on a busy machine.
 *
 * @param question of what the visitor wrote: a name in it tells nothing unless the model says that it is its
 * own, or the visitor asked who answers
 */
export function findTellTale(
  text: string,
  tellTales: TellTales,
  { isWhoAsked, isNamed, names }: Question,
): string | undefined {
  if (tellTales.size === 0) return undefined;
  const folded = fold(text);
  const words = wordsOf(folded);
  const [first] = words;
  // To `are you X` a yes says as much as the name.
  if (isNamed && first && matchAt(words, 0, YES_WORDS)) return first.text;
  let selfAt = Number.NEGATIVE_INFINITY;
  let sentenceAt = 0;
  for (let index = 0; index < words.length; index++) {
    if (words[index]?.startsSentence) {
      selfAt = Number.NEGATIVE_INFINITY;
      sentenceAt = index;
    }
    const mark = matchAt(words, index, SELF_MARKS);
    if (mark) selfAt = index + mark.parts - 1;
    const match = matchAt(words, index, tellTales);
    if (match === undefined) continue;
    const kind = tellTales.get(match.phrase);
    const next = index + match.parts;
    const found = folded.slice(words[index]?.start, words[next - 1]?.end);
    if (kind === "direct") {
      if (index - selfAt === 1 && endsThere(folded, words, next)) return found;
      continue;
    }
    const isAboutSelf = index - selfAt <= SELF_DISTANCE_MAX;
    const tells = isWhoAsked || (kind === "mention" && !names.has(match.phrase));
    if (tells || isAboutSelf || isSpeaker(words, { sentenceAt, index, next })) return found;
    // `Gemini: Hello`, as in a script; of what the visitor asked about it begins an explanation.
    const isLabel = index === 0 && /^[\s*_]{0,4}:/.test(folded.slice(words[next - 1]?.end));
    if (isLabel && !names.has(match.phrase)) return found;
  }
  return undefined;
}

/** What a prompt holds of a model's names. */
export type Question = {
  /** It asks who answers. */
  isWhoAsked: boolean;
  /** It asks whether this model does. */
  isNamed: boolean;
  names: ReadonlySet<string>;
};

/** @param words of all prompts: read once for all answers, since they may be long */
export function readQuestion(words: readonly Word[], tellTales: TellTales): Question {
  const names = new Set<string>();
  let [isWhoAsked, isNamed] = [false, false];
  let askedAt = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < words.length; index++) {
    if (words[index]?.startsSentence) askedAt = Number.NEGATIVE_INFINITY;
    if (matchAt(words, index, WHO_QUESTIONS)) isWhoAsked = true;
    const asking = matchAt(words, index, ARE_YOU_QUESTIONS);
    if (asking) askedAt = index + asking.parts - 1;
    const isAsked = index - askedAt <= SELF_DISTANCE_MAX && index > askedAt;
    const own = matchAt(words, index, tellTales);
    if (own) names.add(own.phrase);
    if (isAsked && own) isNamed = true;
    if (isAsked && (own || matchAt(words, index, FAMILY_NAMES))) isWhoAsked = true;
  }
  return { isWhoAsked, isNamed, names };
}

/** `Hi, Claude here`, `Claude, at your service`, `As Claude, I …`: by what stands around the name. */
function isSpeaker(
  words: readonly Word[],
  { sentenceAt, index, next }: { sentenceAt: number; index: number; next: number },
): boolean {
  const follows = words[next];
  if (follows === undefined || follows.startsSentence) return false;
  const isAs = words[index - 1]?.text === "as" && index > sentenceAt;
  if (isAs && (follows.text === "i" || follows.text === "my")) return true;
  if (index - sentenceAt > SELF_DISTANCE_MAX || !matchAt(words, next, AFTER_NAME)) return false;
  return words.slice(sentenceAt, index).every(({ text }) => GREETINGS.has(text));
}

/** Whether a sentence or a part of it ends before the word at `next`: `I am Pico, a model` and not `I am open to`. */
function endsThere(folded: string, words: readonly Word[], next: number): boolean {
  const follows = words[next];
  if (follows === undefined || follows.startsSentence) return true;
  return /[,;:.!?()–—，、]/.test(folded.slice(words[next - 1]?.end, follows.start));
}

/** The longest of `phrases` that the words from `index` on make, joined; their ends are ends of words. */
function matchAt(
  words: readonly Word[],
  index: number,
  phrases: ReadonlyMap<string, unknown>,
): { phrase: string; parts: number } | undefined {
  const beginnings = prefixesOf(phrases);
  let phrase = "";
  let match: { phrase: string; parts: number } | undefined;
  for (let parts = 1; parts <= PARTS_MAX; parts++) {
    const word = words[index + parts - 1];
    if (word === undefined) break;
    // `O(1)` is no `o1`: very short names allow nothing but a blank or a hyphen inside.
    if (parts > 1 && !(phrase.length < FAMILY_LENGTH_MIN ? word.isTight : word.isNear)) break;
    phrase += word.text;
    if (!beginnings.has(phrase)) break;
    if (phrases.has(phrase)) match = { phrase, parts };
  }
  return match;
}

const prefixes = new WeakMap<ReadonlyMap<string, unknown>, ReadonlySet<string>>();

/** All beginnings of all of `phrases`, by which most words are passed over at once. */
function prefixesOf(phrases: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const known = prefixes.get(phrases);
  if (known !== undefined) return known;
  const found = new Set<string>();
  for (const phrase of phrases.keys()) {
    for (let length = 1; length <= phrase.length; length++) found.add(phrase.slice(0, length));
  }
  prefixes.set(phrases, found);
  return found;
}

/** `meta-llama/Llama-3.1-8B-Instruct`: who published it, and what it is called. */
function splitName(name: string): [string | undefined, string] {
  const slash = name.lastIndexOf("/");
  return slash === -1 ? [undefined, name] : [name.slice(0, slash), name.slice(slash + 1)];
}
