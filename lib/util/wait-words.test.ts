import { expect, test } from "vitest";
import { toWaitWords } from "./wait-words";

test.each([
  [undefined, "later"],
  [0.2, "in 1 s"],
  [30, "in 30 s"],
  [120, "in 120 s"],
  [121, "in 3 min"],
  [3_600, "in 60 min"],
])("%s", (seconds, words) => {
  expect(toWaitWords(seconds)).toBe(words);
});
