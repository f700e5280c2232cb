/** Goal: a question that many ask in their own capitals and blanks is shown once, and what is no question never. */
import { expect, test } from "vitest";
import { measureCloseness } from "./closeness";
import { ShownQuestions } from "./same-question";

test("capitals, blanks, marks and a word more make no other question", () => {
  const shown = new ShownQuestions();
  expect(shown.add("Write a poem about autumn that rhymes")).toBe(true);
  for (const again of [
    "WRITE A POEM ABOUT AUTUMN THAT RHYMES",
    "Write  a poem about\nautumn that rhymes!",
    "Please write a poem about autumn that rhymes",
  ]) {
    expect(shown.add(again), again).toBe(false);
  }
  expect(shown.add("Write a poem about the sea that rhymes")).toBe(true);
  expect(shown.add("请写一个关于月亮的故事")).toBe(true);
  expect(shown.add("请写一个关于月亮的故事。")).toBe(false);
});

test("a line of one letter is shown to nobody, and marks alone neither", () => {
  const shown = new ShownQuestions();
  expect(shown.add("x".repeat(900))).toBe(false);
  expect(shown.add("?!… 🙂")).toBe(false);
});

test("who shares no word with the others has nothing in common with them", () => {
  const half = Math.SQRT1_2;
  const rows = {
    ...{ count: 4, terms: ["a", "b", "c", "d"], isShown: new Uint8Array(4) },
    offsets: Uint32Array.from([0, 2, 4, 5, 5]),
    columns: Uint32Array.from([0, 1, 0, 2, 3]),
    values: Float32Array.from([half, half, half, half, 1]),
  };
  const [one = 0, other = 0, alone, empty] = measureCloseness(rows, [0, 1, 2, 3]);
  expect(one).toBeGreaterThan(0.3);
  expect(other).toBeCloseTo(one, 6);
  expect([alone, empty]).toEqual([0, 0]);
  expect(measureCloseness(rows, [0])).toEqual([0]);
});
