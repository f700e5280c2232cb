import { parseArgs } from "node:util";
import { expect, test } from "vitest";
import { BREADTH_OPTIONS, PARTS, parseBreadthOptions } from "./options";

const parse = (...args: string[]) =>
  parseBreadthOptions(parseArgs({ args, options: BREADTH_OPTIONS }).values);

test("without flags: all parts, as the goals are stated", () => {
  expect(parse()).toMatchObject({
    ...{ parts: [...PARTS], model: "qwen2.5-0.5b", textCount: 1_000, roundCount: 5 },
    hasPeers: true,
  });
});

test("parts are split, and no peers is a choice", () => {
  const options = parse("--parts", "grammar, forms", "--peers", "none");
  expect(options.parts).toEqual(["grammar", "forms"]);
  expect(options.hasPeers).toBe(false);
});

test.each([
  [["--parts", "grammar,x"], "--parts takes"],
  [["--parts", ""], "--parts takes"],
  [["--texts", "0"], "--texts takes"],
  [["--rounds", "many"], "--rounds takes"],
  [["--peers", "vllm"], "--peers takes"],
  [["--model", "gpt"], "--model takes"],
])("%j is refused with the flag's name", (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});
