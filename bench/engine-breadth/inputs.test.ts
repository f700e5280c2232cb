import { expect, test } from "vitest";
import { areSameVectors, probeOf } from "./probe";
import { orderSchema } from "./schema";
import { mixedTexts } from "./texts";
import { makeVocabulary, VOCABULARY_SIZE } from "./vocabulary";

test("texts are the same for everyone who is asked, others in each round, and of all lengths", () => {
  expect(mixedTexts(50, 3)).toEqual(mixedTexts(50, 3));
  expect(mixedTexts(50, 4)).not.toEqual(mixedTexts(50, 3));
  const lengths = mixedTexts(1_000, 0).map((it) => it.split(" ").length);
  expect(Math.min(...lengths)).toBeLessThan(8);
  expect(Math.max(...lengths)).toBeGreaterThan(90);
});

test("a salt makes another schema", () => {
  expect(JSON.stringify(orderSchema(1))).not.toBe(JSON.stringify(orderSchema(2)));
});

test("the vocabulary has every byte, words, marks, and rows without a token", () => {
  const tokens = makeVocabulary();
  expect(tokens).toHaveLength(VOCABULARY_SIZE);
  for (let byte = 0; byte < 256; byte++) expect(tokens[byte]).toEqual(Uint8Array.of(byte));
  const texts = new Set(tokens.flatMap((it) => (it ? [Buffer.from(it).toString("latin1")] : [])));
  for (const text of [" ba", '": ', "},"]) expect(texts.has(text), text).toBe(true);
  expect(tokens.at(-1)).toBeUndefined();
});

test("vectors of two encoders are told apart by their first numbers", () => {
  const probe = Object.values(probeOf([[0.1, 5], [0.2]]));
  expect(areSameVectors(probe, [0.1004, 0.2])).toBe(true);
  expect(areSameVectors(probe, [0.1, 0.3])).toBe(false);
  expect(areSameVectors(probe, [])).toBeUndefined();
});
