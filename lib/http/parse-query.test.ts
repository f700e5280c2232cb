/** Goal: nothing in a query is ignored, and what may be there several times keeps all its values. */
import { expect, test } from "vitest";
import * as z from "zod";
import { parseQuery } from "./parse-query";

const schema = z.strictObject({
  model: z.array(z.string()).max(2).optional(),
  style: z.string().optional(),
});
const parse = (query: string) =>
  parseQuery(new Request(`http://parley.test/x?${query}`), schema, { repeated: ["model"] });

test("repeated parameters are a list, commas and all", () => {
  expect(parse("model=a%2Cb&model=c&style=x")).toEqual({ model: ["a,b", "c"], style: "x" });
  expect(parse("")).toEqual({});
  expect(() => parse("model=a&model=b&model=c")).toThrow("model");
});

test("others may be there once, and unknown ones not at all", () => {
  expect(() => parse("style=x&style=y")).toThrow("`style` is there twice");
  expect(() => parse("modle=a")).toThrow("`modle`");
});
