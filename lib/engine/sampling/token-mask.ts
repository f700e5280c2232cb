import { assert } from "@/lib/util/assert";
import type { TokenMask } from "../grammar/grammar";

/** Reads masks a word at a time: 151,936 tokens are 4,748 words, and most are all ones or all zeros. */

const ALL_ONES = -1;

/** @param id one of the vocabulary. */
export function isAllowed(mask: TokenMask, id: number): boolean {
  // The mask has a bit for every token of the vocabulary (`countAllowed` asserts it).
  return (((mask[id >> 5] as number) >> (id & 31)) & 1) === 1;
}

/** Word `index` without the bits of ids beyond the vocabulary. */
export function maskWordAt(mask: TokenMask, index: number, vocabularySize: number): number {
  const word = mask[index] as number; // The mask has a word for every token of the vocabulary.
  const count = vocabularySize - index * 32;
  return count >= 32 ? word : word & ((1 << count) - 1);
}

/** How many tokens of the vocabulary a mask allows: at most 10 µs for 151,936. */
export function countAllowed(mask: TokenMask, vocabularySize: number): number {
  assert(mask.length * 32 >= vocabularySize, "a mask has a bit for every token");
  const last = Math.ceil(vocabularySize / 32) - 1;
  let count = toBitCount(maskWordAt(mask, last, vocabularySize));
  for (let index = 0; index < last; index++) {
    const word = mask[index] as number; // Within bounds by the loop's condition.
    if (word === ALL_ONES) count += 32;
    else if (word !== 0) count += toBitCount(word);
  }
  assert(count > 0, "a mask allows a token of the vocabulary");
  return count;
}

/** Ones of a 32-bit word, by sums of ever longer runs of bits (Warren, "Hacker's Delight", 5-1). */
function toBitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Writes the allowed ids of the vocabulary to `ids` in rising order and returns how many there are. */
export function listAllowed(mask: TokenMask, vocabularySize: number, ids: Int32Array): number {
  const wordCount = Math.ceil(vocabularySize / 32);
  let length = 0;
  for (let index = 0; index < wordCount; index++) {
    let word = maskWordAt(mask, index, vocabularySize);
    const start = index * 32;
    if (word === ALL_ONES) {
      for (let bit = 0; bit < 32; bit++) ids[length++] = start + bit;
      continue;
    }
    // The lowest one each time, until none is left.
    for (; word !== 0; word &= word - 1) ids[length++] = start + 31 - Math.clz32(word & -word);
  }
  return length;
}
