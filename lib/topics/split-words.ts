import { TOPIC_CHARACTERS_MAX } from "@/lib/topic-limits";
import { STOP_WORDS } from "./stop-words";

/** Scripts that set no blanks between words; of the Korean one the platform's rules know word ends as well. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}]/u;
const segmenter = new Intl.Segmenter("ja", { granularity: "word" });

/** Longer ones are keys, hashes and addresses. */
const WORD_CHARACTERS_MAX = 32;

export type SplitWord = {
  /** By which it is compared. */
  key: string;
  /** As it stands in the text. */
  surface: string;
  /** It does not begin a sentence, so that a capital letter is its own. */
  isWithin: boolean;
};

/** The words of a prompt that may say what it is about, in their order; numbers and small words do not. */
export function splitWords(text: string): SplitWord[] {
  const head = text.slice(0, TOPIC_CHARACTERS_MAX).replaceAll("’", "'").normalize("NFC");
  const words: SplitWord[] = [];
  for (const match of head.matchAll(/https?:\S{1,200}|[\p{L}\p{N}\p{M}_'+#]{1,400}/gu)) {
    const [found] = match;
    if (found.startsWith("http")) continue;
    const before = head.slice(Math.max(0, match.index - 2), match.index);
    const isWithin = /[\p{L}\p{N},;] ?$/u.test(before);
    if (UNSPACED.test(found)) {
      for (const { segment, isWordLike } of segmenter.segment(found)) {
        if (isWordLike) addWord(words, segment, true);
      }
    } else addWord(words, found, isWithin);
  }
  return words;
}

function addWord(words: SplitWord[], found: string, isWithin: boolean): void {
  const surface = found.replace(/^['_#+]+|['_]+$/g, "").replace(/'s$/, "");
  const key = surface.toLowerCase();
  if (key.length > WORD_CHARACTERS_MAX || !/\p{L}/u.test(key)) return;
  // One letter is a variable; one Chinese character may be a word.
  if (key.length < 2 && !UNSPACED.test(key)) return;
  if (STOP_WORDS.has(key) || /^\d/.test(key)) return;
  words.push({ key, surface, isWithin });
}
