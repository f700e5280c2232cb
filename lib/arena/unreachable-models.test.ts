/** Goal: what does not answer is left out of draws for a while, and never so much that none is possible. */
import { expect, test } from "vitest";
import { UNREACHABLE_MODEL_MS } from "@/lib/arena-limits";
import { UnreachableModels } from "./unreachable-models";

const all = ["x", "y", "z"].map((name) => ({ name }));

test("a model that was not reached is left out for a while", () => {
  let nowMs = 0;
  const unreachable = new UnreachableModels(() => nowMs);
  const names = () => unreachable.without(all).map(({ name }) => name);
  expect(names()).toEqual(["x", "y", "z"]);
  unreachable.note(["y"]);
  expect(names()).toEqual(["x", "z"]);
  nowMs = UNREACHABLE_MODEL_MS - 1;
  expect(names()).toEqual(["x", "z"]);
  nowMs = UNREACHABLE_MODEL_MS;
  expect(names()).toEqual(["x", "y", "z"]);
});

test("where fewer than two would be left, all are tried again", () => {
  const unreachable = new UnreachableModels(() => 1);
  unreachable.note(["x", "y"]);
  expect(unreachable.without(all)).toEqual(all);
});
