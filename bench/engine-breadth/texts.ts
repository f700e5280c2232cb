import { seededRandom } from "@/lib/util/random";

/** Words of a text, from and to: queries, titles and paragraphs in one heap. */
const WORDS_MIN = 4;
const WORDS_MAX = 96;

/** Texts of mixed length, every length as often, of words of one to three of the encoder's syllables. */
export function mixedTexts(count: number, salt: number): string[] {
  const random = seededRandom(1_000 + salt);
  const pick = (letters: string) => letters.charAt(Math.floor(random() * letters.length));
  const word = () => {
    const length = 1 + Math.floor(random() * 3);
    return Array.from({ length }, () => pick("bcdfghklmnprstvz") + pick("aeiou")).join("");
  };
  return Array.from({ length: count }, () => {
    const length = WORDS_MIN + Math.floor(random() * (WORDS_MAX - WORDS_MIN + 1));
    return Array.from({ length }, word).join(" ");
  });
}
