import { expect, test } from "vitest";
import { pickModel } from "./pick-model";

const model = (name: string, tokenizerBuild?: string, contextLength = 100) => ({
  ...{ name, contextLength, features: ["chat", "tokenize"] as const },
  description: { tokenizerBuild },
});
const missing = expect.objectContaining({ code: "invalid-request", param: "model" });

test("a name is taken as it is, and needs nobody to be awake", () => {
  expect(pickModel("x", [])).toBe("x");
});

test("without one, the only tokenizer there is counts, by the model that reads least", () => {
  expect(pickModel(null, [model("a")])).toBe("a");
  expect(pickModel(undefined, [model("a", "t"), model("b", "t", 50)])).toBe("b");
  const deaf = { ...model("c", "u"), features: ["chat"] as const };
  expect(pickModel(null, [model("a", "t"), deaf])).toBe("a");
});

test("without one, several tokenizers are a choice that is the caller's", () => {
  expect(() => pickModel(null, [model("a", "t"), model("b", "u")])).toThrow(missing);
  // Nobody knows of these whether they are alike.
  expect(() => pickModel(null, [model("a"), model("b")])).toThrow(missing);
  expect(() => pickModel(null, [])).toThrow(missing);
});
