/** Goal: another worker is asked to go on only where it can tell what follows for what it is. */
import { expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { AnswerTrail } from "./answer-trail";

const thought: GenerateEvent = { type: "reasoning-delta", text: "hm", tokens: 1, tokenIds: [1] };
const said: GenerateEvent = { type: "text-delta", text: "So", tokens: 2, tokenIds: [2, 3] };
const unnamed: GenerateEvent = { type: "text-delta", text: "So", tokens: 1 };

test("who cannot tell reasoning from text goes on after the reasoning, and not within it", () => {
  const trail = new AnswerTrail([], true);
  expect(trail.ids).toEqual([]);
  trail.holds(thought);
  expect(trail.ids).toBeUndefined();
  // A beginning of the answer that counts no token yet.
  expect(trail.holds({ type: "text-delta", text: "S", tokens: 0 })).toBe(true);
  expect(trail.ids).toBeUndefined();
  trail.holds(said);
  expect(trail.ids).toEqual([1, 2, 3]);
});

test("who can goes on within it", () => {
  const trail = new AnswerTrail([]);
  trail.holds(thought);
  expect(trail.ids).toEqual([1]);
});

test("after a token without its name nobody goes on, whatever is named later", () => {
  const trail = new AnswerTrail([], true);
  trail.holds(unnamed);
  trail.holds(said);
  expect(trail.ids).toBeUndefined();
});
