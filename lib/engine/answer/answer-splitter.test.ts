import { expect, test } from "vitest";
import { AnswerSplitter, type CountedPart } from "./answer-splitter";
import { createFormat } from "./create-format";
import { HERMES } from "./formats/hermes";
import { TOOLS } from "./testing";

const format = createFormat(HERMES, { open: "<think>", close: "</think>" });
const split = (options = {}) =>
  new AnswerSplitter(
    format.createParser({
      ...{ tools: TOOLS, splitsReasoning: true, beginsInReasoning: false },
      createId: () => "id",
      ...options,
    }),
  );
const countOf = (parts: CountedPart[]) =>
  parts.reduce((sum, part) => sum + ("tokenCount" in part ? part.tokenCount : 0), 0);

test("every token is counted once, on the first part told after it", () => {
  const splitter = split();
  expect(splitter.push("<thi", 2)).toEqual([]);
  expect(splitter.push("nk>Hm", 2)).toEqual([{ type: "reasoning", text: "Hm", tokenCount: 4 }]);
  expect(splitter.push("</think>\n\n", 3)).toEqual([]);
  expect(splitter.push("So: <tool_call>", 2)).toEqual([
    { type: "text", text: "So: ", tokenCount: 5 },
  ]);
  expect(splitter.push('{"name": "now"', 4)).toEqual([]);
  expect(splitter.push(', "arguments": {', 3)).toEqual([
    { type: "tool-call-start", index: 0, id: "id", name: "now" },
    { type: "tool-call-arguments", index: 0, text: "{", tokenCount: 7 },
  ]);
  expect(splitter.push("}}\n</tool_", 3)).toEqual([
    { type: "tool-call-arguments", index: 0, text: "}", tokenCount: 3 },
  ]);
  expect(splitter.push("call>", 1)).toEqual([]);
  expect(splitter.flush()).toEqual([{ type: "text", text: "", tokenCount: 1 }]);
  expect(splitter.flush()).toEqual([]);
});

test("what is held back at the end comes with its tokens", () => {
  const splitter = split();
  const parts = [...splitter.push("Hi <tool", 3), ...splitter.flush()];
  expect(countOf(parts)).toBe(3);
  expect(splitter.finishReason("stop")).toBe("stop");
});

test("a model that stops after a call waits for results; one that was cut off does not", () => {
  const splitter = split();
  splitter.push('<tool_call>{"name": "now"}', 5);
  expect(splitter.finishReason("stop")).toBe("tool-calls");
  expect(splitter.finishReason("length")).toBe("length");
});

test("where calls may not be parallel the first one is told alone, and all tokens are counted", () => {
  const parser = format.createParser({
    ...{ tools: TOOLS, splitsReasoning: true, beginsInReasoning: false },
  });
  const splitter = new AnswerSplitter(parser, { isParallel: false });
  const call = '<tool_call>{"name": "now"}</tool_call>';
  const parts = [...splitter.push(call, 6), ...splitter.push(call, 6), ...splitter.flush()];
  expect(parts.filter((part) => part.type === "tool-call-start")).toHaveLength(1);
  expect(countOf(parts)).toBe(12);
});

test("ids are OpenAI's in form, and no two the same", () => {
  const splitter = split({ createId: undefined });
  const parts = splitter.push('<tool_call>{"name": "now"}<tool_call>{"name": "now"}', 9);
  const ids = parts.flatMap((part) => (part.type === "tool-call-start" ? [part.id] : []));
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^call_[A-Za-z0-9]{24}$/);
});
