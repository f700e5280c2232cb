import { expect, test } from "vitest";
import { modelDetailsSchema, statusSchema } from "./worker-wire";

test("a model's name that no database holds is refused", () => {
  expect(statusSchema.safeParse({ model_names: ["m\0x"] }).success).toBe(false);
  expect(statusSchema.safeParse({ model_names: ["vicuna-7b"] }).success).toBe(true);
});

test("a context without an end is one that can be counted", () => {
  expect(modelDetailsSchema.parse({ context_length: 1e30 }).context_length).toBe(2 ** 31 - 1);
  expect(modelDetailsSchema.parse({ context_length: 4_096 }).context_length).toBe(4_096);
});
