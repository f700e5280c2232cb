import { expect, test } from "vitest";
import { type CacheShapeFallback, readGraphSignature } from "./graph-signature";

type Metadata = Parameters<typeof readGraphSignature>[0]["inputMetadata"][number];

const tensor = (name: string, type: "int64" | "float32" | "int32", shape: (number | string)[]) =>
  ({ name, isTensor: true, type, shape }) satisfies Metadata;

const NO_FALLBACK: CacheShapeFallback = { headCount: undefined, headSize: undefined };
const cacheShape = ["batch_size", 2, "past_sequence_length", 8];
const input = tensor("input_ids", "int64", ["batch_size", "sequence_length"]);
const logits = tensor("logits", "float32", ["batch_size", "sequence_length", 100]);
const past = ["key", "value"].map((it) => tensor(`past_key_values.0.${it}`, "float32", cacheShape));
const present = ["key", "value"].map((it) => tensor(`present.0.${it}`, "float32", cacheShape));

const read = (inputMetadata: Metadata[], outputMetadata: Metadata[], fallback = NO_FALLBACK) =>
  readGraphSignature({ inputMetadata, outputMetadata }, fallback);

test("names, shapes and optional inputs are read from the session", () => {
  const mask = tensor("attention_mask", "int64", ["batch_size", "total_sequence_length"]);
  const hidden = tensor("last_hidden_state", "float32", ["batch_size", "sequence_length", 16]);
  expect(read([input, mask, ...past], [logits, ...present, hidden])).toEqual({
    takesAttentionMask: true,
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
  });
});

test("symbolic cache dimensions come from config.json", () => {
  const symbolic = past.map((it) => ({ ...it, shape: ["batch", "heads", "past", "size"] }));
  const { cacheSlots, hiddenSize } = read([input, ...symbolic], [logits, ...present], {
    headCount: 4,
    headSize: 32,
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
  ["ids of another type", [tensor("input_ids", "int32", [1])], [logits], /int32, not int64/],
  ["logits without a fixed width", [input, ...past], [{ ...logits, shape: ["v"] }], /vocabulary/],
])("%s is refused by name", (_, inputs, outputs, message) => {
  expect(() => read(inputs, outputs)).toThrow(message);
});
