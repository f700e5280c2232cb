import { expect, test } from "vitest";
import { hashText } from "./hash-text";
import { seededRandom } from "./random";

test("the same text has the same number, another text or seed another one", () => {
  expect(hashText("a prompt")).toBe(hashText("a prompt"));
  expect(hashText("xx a prompt", 0, 3)).toBe(hashText("a prompt"));
  const numbers = new Set(
    ["", "a", "b", "ab", "ba", "a\0"].flatMap((text) => [hashText(text), hashText(text, 1)]),
  );
  expect(numbers.size).toBe(12);
  for (const number of numbers) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
});

test("numbers of texts that are nearly alike spread evenly, and do not meet", () => {
  const random = seededRandom(11);
  const counts = new Array<number>(16).fill(0);
  const seen = new Set<number>();
  const texts = 32_000;
  for (let index = 0; index < texts; index++) {
    const number = hashText(`conversation-${index}`, Math.floor(random() * 2 ** 40));
    seen.add(number);
    const bucket = Math.floor(number / 2 ** 49);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  expect(seen.size).toBe(texts);
  for (const count of counts) expect(Math.abs(count - texts / 16)).toBeLessThan(200);
});
