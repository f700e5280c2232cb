import { expect, test } from "vitest";
import type { TensorDeclaration } from "./graph-session";
import { type CacheShapeFallback, readGraphSignature } from "./graph-signature";

const tensor = (name: string, type: string, dims: (number | string)[]): TensorDeclaration => ({
  name,
  type,
  dims,
});

const NO_FALLBACK: CacheShapeFallback = { headCount: undefined, headSize: undefined };
const WHOLE = { vocabularySize: undefined, topCount: undefined, blockSize: undefined };
const LEFT_WHOLE = { ...WHOLE, refusal: "its head is strange" };
const REWRITTEN = { vocabularySize: 100, topCount: 64, blockSize: 50, refusal: undefined };
const cacheShape = ["batch_size", 2, "past_sequence_length", 8];
const input = tensor("input_ids", "int64", ["batch_size", "sequence_length"]);
const logits = tensor("logits", "float32", ["batch_size", "sequence_length", 100]);
const past = ["key", "value"].map((it) => tensor(`past_key_values.0.${it}`, "float32", cacheShape));
const present = ["key", "value"].map((it) => tensor(`present.0.${it}`, "float32", cacheShape));

const mask = tensor("attention_mask", "int64", ["batch_size", "total_sequence_length"]);

const read = (
  inputs: TensorDeclaration[],
  outputs: TensorDeclaration[],
  { fallback = NO_FALLBACK, facts = LEFT_WHOLE as Parameters<typeof readGraphSignature>[1] } = {},
) => readGraphSignature({ inputs: [...inputs, mask], outputs }, facts, fallback);

test("names, shapes and optional inputs are read from the session", () => {
  const hidden = tensor("last_hidden_state", "float32", ["batch_size", "sequence_length", 16]);
  expect(read([input, ...past], [logits, ...present, hidden])).toEqual({
    takesPositionIds: false,
    cacheSlots: ["key", "value"].map((it) => ({
      past: `past_key_values.0.${it}`,
      present: `present.0.${it}`,
      dtype: "float32",
      headCount: 2,
      headSize: 8,
    })),
    vocabularySize: 100,
    hiddenSize: 16,
    hasLogitsPositions: false,
    topCount: undefined,
    blockSize: undefined,
  });
});

test("what the rewrite added is found, and counts as none of the cache", () => {
  const added = [
    tensor("logits_positions", "int64", ["logits_position_count"]),
    tensor("wants_block_sums", "bool", [1]),
    tensor("inverse_temperatures", "float32", ["batch_size"]),
  ];
  const results = [
    tensor("top_values", "float32", ["batch_size", "logits_position_count", 64]),
    tensor("top_ids", "int64", ["batch_size", "logits_position_count", 64]),
    tensor("block_sums", "float32", ["batch_size", "logits_position_count", 2]),
  ];
  const facts = { facts: REWRITTEN };
  const signature = read([input, ...past, ...added], [logits, ...present, ...results], facts);
  expect(signature).toMatchObject({ hasLogitsPositions: true, topCount: 64, blockSize: 50 });
  expect(signature.cacheSlots).toHaveLength(2);
  // The session has the last word: facts of another graph make no output where there is none.
  const plain = read([input, ...past], [logits, ...present], facts);
  expect(plain).toMatchObject({ hasLogitsPositions: false, topCount: undefined });
  expect(plain.blockSize).toBeUndefined();
});

test("a symbolic vocabulary comes from the rewrite", () => {
  const symbolic = { ...logits, dims: ["batch_size", "sequence_length", "vocabulary"] };
  const { vocabularySize } = read([input, ...past], [symbolic, ...present], { facts: REWRITTEN });
  expect(vocabularySize).toBe(100);
});

test("a cache of half precision is one", () => {
  const half = past.map((it) => ({ ...it, type: "float16" }));
  const { cacheSlots } = read([input, ...half], [logits, ...present]);
  expect(cacheSlots.map((it) => it.dtype)).toEqual(["float16", "float16"]);
});

test("symbolic cache dimensions come from config.json", () => {
  const symbolic = past.map((it) => ({ ...it, dims: ["batch", "heads", "past", "size"] }));
  const { cacheSlots, hiddenSize } = read([input, ...symbolic], [logits, ...present], {
    fallback: { headCount: 4, headSize: 32 },
  });
  expect(cacheSlots[0]).toMatchObject({ headCount: 4, headSize: 32 });
  expect(hiddenSize).toBeUndefined();
  expect(() => read([input, ...symbolic], [logits, ...present])).toThrow(
    /number and size of heads/,
  );
});

test.each([
  ["no KV cache", [input], [logits], /no past_key_values/],
  ["no logits", [input, ...past], present, /no logits/],
  [
    "a strange input",
    [input, ...past, tensor("pixels", "float32", [1])],
    [logits, ...present],
    /pixels/,
  ],
  ["a cache that does not come back", [input, ...past], [logits], /present\.0\.key/],
  [
    "a cache of another type",
    [input, ...past.map((it) => ({ ...it, type: "int8" }))],
    [logits, ...present],
    /past_key_values\.0\.key is int8/,
  ],
  ["ids of another type", [tensor("input_ids", "int32", [1])], [logits], /int32, not int64/],
  [
    "logits without a known width",
    [input, ...past],
    [{ ...logits, dims: ["v"] }, ...present],
    /no fixed vocabulary size \(and cannot be changed: its head is strange\)/,
  ],
  [
    "half precision logits that the rewrite could not widen",
    [input, ...past],
    [{ ...logits, type: "float16" }, ...present],
    /logits is float16, not float32 \(and cannot be changed: its head is strange\)/,
  ],
])("%s is refused by name", (_, inputs, outputs, message) => {
  expect(() => read(inputs, outputs)).toThrow(message);
});

test("a graph without a mask is refused, since nothing else tells how long a row is", () => {
  const inputs = [input, ...past];
  const outputs = [logits, ...present];
  expect(() => readGraphSignature({ inputs, outputs }, LEFT_WHOLE, NO_FALLBACK)).toThrow(
    /has no attention_mask/,
  );
});
