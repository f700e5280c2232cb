/** Goal: a page that tells what a model can be asked for leaves out nothing that anyone could ask of it. */
import { expect, test } from "vitest";
import { MODEL_FEATURES } from "@/lib/protocol/worker-card";
import { toFeatureWords } from "./feature-words";

test.each([
  [["chat", "images", "tools"], "chat, images, tool calls"],
  [["tools", "images", "chat"], "chat, images, tool calls"],
  [["embeddings", "tokenize"], "vectors"],
  [["tokenize", "resume", "continue"], ""],
] satisfies [Parameters<typeof toFeatureWords>[0], string][])("%j", (features, words) => {
  expect(toFeatureWords(features)).toBe(words);
});

test("each feature that a request can ask for has a word", () => {
  const own = ["tokenize", "resume", "continue"];
  for (const feature of MODEL_FEATURES.filter((it) => !own.includes(it))) {
    expect(toFeatureWords([feature]), feature).not.toBe("");
  }
});
