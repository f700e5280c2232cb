import { seededRandom } from "@/lib/util/random";

/** Qwen2.5's count; the largest that is common. */
export const VOCABULARY_SIZE = 151_936;
/** Ends an answer. */
export const END_TOKEN_ID = VOCABULARY_SIZE - 1;
/** Rows of the head that no token has, as padded vocabularies have them, and the end token. */
const NAMELESS_COUNT = 271;

const SYLLABLES =
  "ba be bi bo bu ca co cu da de di en er es fa fi ga ge ha he in is ka ke la le li ma me mi na ne no on or pa pe ra re ri ro sa se si ta te ti to un ur va ve wa we".split(
    " ",
  );
const MARKS = [
  '"',
  '":',
  '": ',
  '",',
  '", "',
  '"}',
  '"]',
  '"},',
  "{",
  '{"',
  "}",
  "},",
  "[",
  '["',
  "]",
  "],",
  ":",
  ",",
  " {",
  " [",
  ".",
  "-",
  "_",
  "/",
  "\\",
  "\\n",
  "(",
  ")",
  ");",
  "=",
  "==",
  "<",
  ">",
  "//",
  "#",
  "*",
  "!",
  "?",
  "'",
  "@",
  "$",
];
const SCRIPTS: readonly [first: number, count: number][] = [
  [0x430, 32], // Cyrillic
  [0x4e00, 6_000], // Chinese
  [0xac00, 6_000], // Korean
  [0x5d0, 27], // Hebrew
  [0x1f600, 64], // faces
];

/**
 * Bytes of each token of a vocabulary that is made up as trained byte-level ones are: every byte,
 * every digit, runs of space, marks that belong together, words with and without the space before
 * them, pieces of code, other scripts, and ends and beginnings of their characters.
 */
export function makeVocabulary(): (Uint8Array | undefined)[] {
  const random = seededRandom(151);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T; // Not empty.
  const word = () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(SYLLABLES)).join("");
  const foreign = () => {
    const [first, count] = pick(SCRIPTS);
    const length = 1 + Math.floor(random() * 3);
    return String.fromCodePoint(
      ...Array.from({ length }, () => first + Math.floor(random() * count)),
    );
  };
  const kinds: [share: number, make: () => string][] = [
    [0.36, () => ` ${word()}`],
    [0.2, word],
    [0.08, () => ` ${capital(word())}`],
    [0.06, () => capital(word())],
    [0.02, () => word().toUpperCase()],
    [0.03, () => pick(MARKS) + word()],
    [0.03, () => word() + pick(MARKS)],
    [0.01, () => pick(MARKS) + pick(MARKS)],
    [0.01, () => " ".repeat(1 + Math.floor(random() * 60)) + pick(["", "\n", "\t", "{", "}"])],
    [0.2, foreign],
  ];
  const encoder = new TextEncoder();
  const seen = new Set(MARKS);
  const tokens = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  // Single ones are bytes already.
  tokens.push(...MARKS.filter((it) => it.length > 1).map((it) => encoder.encode(it)));
  while (tokens.length < VOCABULARY_SIZE - NAMELESS_COUNT) {
    let share = random();
    const kind = kinds.find(([part]) => {
      share -= part;
      return share < 0;
    });
    const text = kind?.[1]() ?? word();
    if (seen.has(text)) continue;
    seen.add(text);
    const bytes = encoder.encode(text);
    // Some tokens of other scripts end within a character.
    const isCut = bytes.length > 3 && (bytes.at(-1) ?? 0) >= 0x80 && random() < 0.1;
    tokens.push(isCut ? bytes.slice(0, -1) : bytes);
  }
  return Array.from({ length: VOCABULARY_SIZE }, (_, id) => tokens[id]);
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
