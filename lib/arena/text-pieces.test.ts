import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { TextPieces } from "./text-pieces";

function cut(parts: string[]): string[] {
  const pieces = new TextPieces();
  return [...parts.flatMap((part) => pieces.push(part)), ...pieces.end()];
}

test("words with the space after them, and long words in parts", () => {
  expect(cut(["Two wo", "rds,  then\n\nmore"])).toEqual(["Two ", "words,  ", "then\n\n", "more"]);
  expect(cut(["x".repeat(50)]).map((piece) => piece.length)).toEqual([24, 24, 2]);
  expect(cut([])).toEqual([]);
});

test("a code point is never cut", () => {
  expect(cut(["👋".repeat(30)])).toEqual(["👋".repeat(24), "👋".repeat(6)]);
});

test("however the text came, the pieces are the same", () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const alphabet = ["a", "b", " ", "\n", "é", "👋", "你", "."];
  for (let round = 0; round < 200; round++) {
    const characters = Array.from(
      { length: Math.floor(random() * 200) },
      () => alphabet[Math.floor(random() * alphabet.length)]!,
    );
    const parts: string[] = [];
    for (let start = 0; start < characters.length; ) {
      const length = 1 + Math.floor(random() * 9);
      parts.push(characters.slice(start, start + length).join(""));
      start += length;
    }
    const whole = cut([characters.join("")]);
    expect(cut(parts), `seed ${seed}`).toEqual(whole);
    expect(whole.join(""), `seed ${seed}`).toBe(characters.join(""));
  }
});
