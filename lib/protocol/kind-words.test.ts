import { expect, test } from "vitest";
import { kindWords } from "./kind-words";

test.each([
  ["onnx", 0, "onnx"],
  ["parley", 1, "parley"],
  ["parley", 3, "parley, 2 more beneath"],
] as const)("%s that stands for %i installations: %s", (kind, parleys, words) => {
  expect(kindWords({ kind, parleys })).toBe(words);
});
