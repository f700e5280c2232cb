import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { makeRegex } from "./drawn-specs";
import type { GrammarSpec, JsonSchema } from "./grammar";
import {
  countedTexts,
  intersectionOfTexts,
  NETWORK_NODES_MAX,
  NetworkTooLargeError,
} from "./network";
import { parseRegex } from "./parse-regex";
import { GrammarWalker, testVocabulary } from "./testing";

const walker = new GrammarWalker(testVocabulary());
const read = (pattern: string) => parseRegex(pattern, { isSearch: false, name: "The expression" });
const ANYTHING = { min: 0, max: Number.POSITIVE_INFINITY };

/** A schema takes what every expression and the length take, and nothing else. */
function expectExact(schema: JsonSchema & object, patterns: string[], texts: string[]): void {
  const spec: GrammarSpec = { type: "json-schema", schema: { type: "string", ...schema } };
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  for (const text of texts) {
    const length = Array.from(text).length;
    const isMet =
      patterns.every((it) => new RegExp(it, "u").test(text)) &&
      length >= Number(minLength) &&
      length <= Number(maxLength);
    expect([text, walker.accepts(spec, JSON.stringify(text))]).toEqual([text, isMet]);
  }
}

/** Every text of at most so many of the characters. */
function listTexts(characters: readonly string[], lengthMax: number): string[] {
  const found = [""];
  for (let from = 0, length = 0; length < lengthMax; length++) {
    const to = found.length;
    for (; from < to; from++) found.push(...characters.map((it) => (found[from] ?? "") + it));
  }
  return found;
}

test("two patterns take what both take: no more and no less", () => {
  const pairs = [
    ["^a", "b$"],
    ["aé", "éa"],
    ["^(ab|é)*$", "^.{2,4}$"],
    ["^[^a]*$", "b{2}"],
    ["^(a|ab)(é|bé)?$", "^a"],
  ] as const;
  const texts = listTexts(["a", "b", "é"], 5);
  for (const [one, other] of pairs) {
    expectExact({ allOf: [{ pattern: one }, { pattern: other }] }, [one, other], texts);
  }
  const three = ["a", "b", "é"];
  expectExact({ pattern: "a", allOf: three.map((pattern) => ({ pattern })) }, three, texts);
});

test("a pattern and a length take what both take, in characters and not in bytes", () => {
  const texts = listTexts(["a", "😀", '"'], 5);
  for (const pattern of ["^(a|😀a)*$", 'a+"?😀*|^$', '^a*$|^"+$', "a|^$"]) {
    for (const [minLength, maxLength] of [
      [2, 3],
      [0, 2],
      [4, 4],
      [0, 0],
    ]) {
      expectExact({ pattern, minLength, maxLength }, [pattern], texts);
    }
    expectExact({ pattern, minLength: 3 }, [pattern], texts);
  }
});

test("a format and a pattern take what both take", () => {
  const schema = { format: "ipv4", pattern: "^(?:10|127)\\." };
  const spec: GrammarSpec = { type: "json-schema", schema: { type: "string", ...schema } };
  expect(walker.accepts(spec, '"10.0.255.1"')).toBe(true);
  expect(walker.accepts(spec, '"11.0.255.1"')).toBe(false);
  expect(walker.accepts(spec, '"10.0.256.1"')).toBe(false);
});

test("two formats take what both take, and those of no checker say nothing", () => {
  const schema = {
    type: "string",
    allOf: [{ format: "hostname" }, { format: "uuid" }, { format: "starts_with" }],
  };
  const spec: GrammarSpec = { type: "json-schema", schema };
  expect(walker.accepts(spec, '"6f1f0a52-3b1e-4b62-8f0e-2d9a5c7b1e00"')).toBe(true);
  expect(walker.accepts(spec, '"6f1f0a52"')).toBe(false);
  expect(() =>
    walker.open({ type: "json-schema", schema: { type: "string", format: "regex" } }),
  ).toThrow("The schema at /format is regex, which cannot be guaranteed; leave it out.");
});

test("what contradicts itself is refused, and one of several alternatives is left out", () => {
  const never = { type: "string", format: "date", pattern: "^x" };
  expect(() => walker.open({ type: "json-schema", schema: never })).toThrow("No text can meet");
  const spec: GrammarSpec = { type: "json-schema", schema: { anyOf: [never, { type: "null" }] } };
  expect(walker.accepts(spec, "null")).toBe(true);
  expect(walker.open(spec)).toBeDefined();
});

test("products of drawn expressions", () => {
  const seed = Math.floor(Math.random() * 1e9);
  process.stdout.write(`networks: seed ${seed}\n`);
  const random = seededRandom(seed);
  let count = 0;
  for (let tries = 0; tries < 80; tries++) {
    const [one, other] = [makeRegex(random, 2), makeRegex(random, 2)];
    const lengths = { minLength: 1, maxLength: 12 };
    const allOf = [{ pattern: one }, { pattern: other }];
    const spec: GrammarSpec = {
      type: "json-schema",
      schema: { type: "string", ...lengths, allOf },
    };
    try {
      walker.open(spec);
    } catch (error) {
      expect(String(error)).toContain("No text can meet");
      continue;
    }
    const { text, isFinished } = walker.walk(spec, random, { tokensMax: 8, endShare: 0.2 });
    expect([one, other, text, isFinished]).toEqual([one, other, text, true]);
    const value: string = JSON.parse(text);
    const length = Array.from(value).length;
    const isMet = [one, other].every((it) => new RegExp(it, "u").test(value));
    expect([one, other, value, isMet, length >= 1 && length <= 12]).toEqual([
      one,
      other,
      value,
      true,
      true,
    ]);
    count++;
  }
  expect(count).toBeGreaterThan(20);
});

test("what takes too many nodes is said to", () => {
  const many = read("(?:a|b)*a(?:a|b){300}");
  expect(() => intersectionOfTexts(many, read("(?:a|b)*b(?:a|b){300}"))).toThrow(
    NetworkTooLargeError,
  );
  expect(countedTexts(many, { ...ANYTHING, max: NETWORK_NODES_MAX / 2 })).toBeUndefined();
  const allOf = [{ pattern: "^(a|b)*a(a|b){300}$" }, { pattern: "^(a|b)*b(a|b){300}$" }];
  expect(() => walker.open({ type: "json-schema", schema: { type: "string", allOf } })).toThrow(
    "The schema at /allOf asks for a text by patterns, formats or lengths that together take too much",
  );
});

test("a text whose length is too much to be counted is held to fewer repetitions", () => {
  const schema = {
    type: "string",
    pattern: "^(?:[a-z]{1,500}[ .])+$",
    maxLength: 30_000,
    minLength: 3,
  };
  const spec: GrammarSpec = { type: "json-schema", schema };
  expect(walker.accepts(spec, '"ab "')).toBe(true);
  expect(walker.accepts(spec, '"a "')).toBe(false);
  const beyond = { type: "string", pattern: "^(?:[a-z]{1,500}[ .])+$", minLength: 20_000 };
  expect(() => walker.open({ type: "json-schema", schema: beyond })).toThrow(
    "together take too much",
  );
});
