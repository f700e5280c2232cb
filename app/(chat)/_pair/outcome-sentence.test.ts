import { expect, test } from "vitest";
import { outcomeSentence } from "./outcome-sentence";

const pair = { votes: 10, a: 7, b: 1, tie: 1 };
const THIN = "\u202f";

test("the share of those who judged alike follows the choice", () => {
  expect(outcomeSentence("a", { pair, uncounted: null })).toBe(
    `You preferred A. So did 70${THIN}% of voters on this pair.`,
  );
  expect(outcomeSentence("tie", { pair, uncounted: null })).toContain(`10${THIN}%`);
});

test("both bad is told beside the shares of the sides", () => {
  expect(outcomeSentence("both-bad", { pair, uncounted: null })).toBe(
    `You found both bad. Of 10 votes on this pair, 70${THIN}% prefer A and 10${THIN}% prefer B.`,
  );
});

test("the first vote on a pair is said to be the first", () => {
  const first = { votes: 1, a: 0, b: 1, tie: 0 };
  expect(outcomeSentence("b", { pair: first, uncounted: null })).toContain("the first");
});

test("a vote that does not count is not told among the others", () => {
  const none = { votes: 0, a: 0, b: 0, tie: 0 };
  expect(outcomeSentence("b", { pair: none, uncounted: "Too soon." })).toBe("You preferred B.");
  expect(outcomeSentence("b", { pair, uncounted: "Too soon." })).toContain("Of 10 votes");
});
