import { expect, test } from "vitest";
import { THIN_SPACE } from "@/components/format";
import { outcomeSentence, voteReason } from "./outcome-sentence";

const pair = { votes: 24, a: 4, b: 17, tie: 3 };

test("the sentence sets the vote beside the others", () => {
  expect(outcomeSentence("b", pair)).toBe(
    `You preferred B. So did 71${THIN_SPACE}% of voters on this pair.`,
  );
  expect(outcomeSentence("a", { votes: 1, a: 1, b: 0, tie: 0 })).toBe(
    "You preferred A. You are the first to judge this pair.",
  );
  expect(outcomeSentence("both-bad", pair)).toBe(
    `You found both bad. Of 24 votes on this pair, 17${THIN_SPACE}% prefer A and 71${THIN_SPACE}% prefer B.`,
  );
});

test("one can vote when both sides are complete or stopped", () => {
  const reason = (a: string, b: string, isSettling = false) => voteReason({ a, b, isSettling });
  expect(reason("complete", "stopped")).toBeNull();
  expect(reason("streaming", "complete")).toContain("A is still writing");
  expect(reason("complete", "failed")).toContain("Try it again");
  expect(reason("stopped", "stopped", true)).toContain("Saving");
  expect(voteReason({ a: undefined, b: undefined, isSettling: false })).not.toBeNull();
});
