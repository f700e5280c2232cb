import { expect, test } from "vitest";
import { LogProbabilityCollector } from "./log-probabilities";

function collect(tokens: (string | number[])[]) {
  const collector = new LogProbabilityCollector(true);
  for (const token of tokens) {
    const bytes = typeof token === "string" ? [...Buffer.from(token)] : token;
    collector.add({
      ...{ type: "token-log-probability", id: 1, bytes, logProbability: -1, alternatives: [] },
    });
  }
  return collector;
}
const tokensOf = (collector: LogProbabilityCollector, text: string) =>
  collector.take(text)?.content.map((it) => it.token);

test("a text has the scores of its own tokens, and of no mark before it", () => {
  expect(tokensOf(collect(["</think>", "\n\n", "Hi"]), "Hi")).toEqual(["Hi"]);
  expect(tokensOf(collect(["Hi", " there"]), "Hi there")).toEqual(["Hi", " there"]);
  // The first space of an answer is dropped from its text, and its token is not.
  expect(tokensOf(collect([" Hi"]), "Hi")).toEqual([" Hi"]);
});

test("what is held back keeps its scores for later", () => {
  const collector = collect(["Hi", "<", "tool"]);
  expect(tokensOf(collector, "Hi")).toEqual(["Hi"]);
  expect(tokensOf(collector, "<tool")).toEqual(["<", "tool"]);
  expect(tokensOf(collector, "")).toEqual([]);
});

test("text that comes again in what is held back loses no score", () => {
  const collector = collect([" no", " no", " way", " no"]);
  expect(tokensOf(collector, "no")).toEqual([" no"]);
  expect(tokensOf(collector, " no way")).toEqual([" no", " way"]);
  expect(tokensOf(collector, " no")).toEqual([" no"]);
  // A mark has the text's letters in its middle.
  expect(tokensOf(collect(["</think>", "h", "i", "h"]), "h")).toEqual(["h"]);
});

test("a code point of several tokens has all of them", () => {
  const [first, ...rest] = [...Buffer.from("é!")];
  const collector = collect([[first!], rest]);
  expect(tokensOf(collector, "é!")).toHaveLength(2);
});

test("what was no text is forgotten, and nothing is told to who did not ask", () => {
  const collector = collect(["<tool_call>", "{}"]);
  collector.drop();
  expect(tokensOf(collector, "Hi")).toEqual([]);
  expect(new LogProbabilityCollector(false).take("Hi")).toBeNull();
});
