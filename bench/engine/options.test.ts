import { parseArgs } from "node:util";
import { expect, test } from "vitest";
import { ENGINE_OPTIONS, PEERS, parseEngineOptions } from "./options";

const parse = (...args: string[]) =>
  parseEngineOptions(parseArgs({ args, options: ENGINE_OPTIONS }).values);

test("without flags: the model, forms and batches that the goals are stated for", () => {
  const options = parse();
  expect(options.model).toBe("qwen2.5-0.5b");
  expect(options.batches).toEqual([1, 4, 8, 16]);
  expect(options.forms).toContain("int8-dynamic");
  expect(options.peers).toEqual([...PEERS]);
  expect(options.roundCount).toBe(5);
});

test("lists are split, and no peers is a choice", () => {
  const options = parse("--forms", "fp32, int4-block32", "--batches", "2", "--peers", "none");
  expect(options.forms).toEqual(["fp32", "int4-block32"]);
  expect(options.batches).toEqual([2]);
  expect(options.peers).toEqual([]);
});

test.each([
  [["--forms", "int4"], "--forms takes"],
  [["--forms", ""], "--forms takes"],
  [["--batches", "0"], "--batches takes"],
  [["--rounds", "many"], "--rounds takes"],
  [["--peers", "vllm"], "--peers takes"],
  [["--parts", "decode,x"], "--parts takes"],
  [["--model", "gpt"], "--model takes"],
])("%j is refused with the flag's name", (args, message) => {
  expect(() => parse(...args)).toThrow(message);
});
