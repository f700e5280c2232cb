/** Goal: a vote is in the categories that its facts prove, and in no other. */
import { expect, test } from "vitest";
import { CATEGORIES } from "@/lib/vote-categories";
import {
  categoryNames,
  hasCategory,
  toCategories,
  toCategoryMask,
  type VoteTraits,
} from "./categories";

const plain: VoteTraits = {
  turn: 1,
  labels: null,
  prompt: {
    ...{ characters: 40, hasCode: false, hasMath: false, tokens: 10 },
    ...{ isCoding: false, isMath: false, isCreative: false, isInstruction: false, hardSignals: 0 },
  },
  a: { codeBlocks: 0, isRefusal: false },
  b: { codeBlocks: 0, isRefusal: false },
};
const names = (change: Omit<Partial<VoteTraits>, "prompt"> & { prompt?: object }) =>
  categoryNames(
    toCategories({
      ...plain,
      ...change,
      prompt: { ...plain.prompt!, ...change.prompt },
    }),
  );

test("each rule by itself", () => {
  const base = ["overall", "no-refusal"];
  expect(names({})).toEqual(base);
  const also = (category: string) => expect.arrayContaining([...base, category]);
  expect(names({ turn: 2 })).toEqual(also("multi-turn"));
  expect(names({ prompt: { tokens: 500 } })).toEqual(also("longer-query"));
  expect(names({ prompt: { tokens: 499, characters: 9_000 } })).toEqual(base);
  expect(names({ prompt: { hasCode: true } })).toEqual(also("coding"));
  expect(names({ prompt: { isCoding: true } })).toEqual(also("coding"));
  expect(names({ a: { codeBlocks: 1, isRefusal: false } })).toEqual(base);
  expect(
    names({ a: { codeBlocks: 1, isRefusal: false }, b: { codeBlocks: 2, isRefusal: false } }),
  ).toEqual(also("coding"));
  expect(names({ prompt: { isMath: true } })).toEqual(also("math"));
  expect(names({ prompt: { hasMath: true } })).toEqual(base);
  expect(names({ prompt: { isCreative: true } })).toEqual(also("creative"));
  expect(names({ prompt: { isInstruction: true } })).toEqual(also("instruction-following"));
  expect(names({ prompt: { hardSignals: 0b0001111 } })).toEqual(also("hard"));
  expect(names({ prompt: { hardSignals: 0b1010100 } })).toEqual(base);
  expect(names({ b: { codeBlocks: 0, isRefusal: true } })).toEqual(["overall"]);
});

test("facts of the first version lack what was not looked at, and rows without facts lack all", () => {
  const first: VoteTraits = {
    ...{ turn: 3, labels: null, a: { codeBlocks: 0 }, b: { codeBlocks: 0 } },
    prompt: { characters: 2_000, hasCode: true, hasMath: true },
  };
  expect(categoryNames(toCategories(first))).toEqual([
    ...["overall", "coding", "math", "multi-turn", "longer-query"],
  ]);
  expect(categoryNames(toCategories({ turn: 1, labels: null }))).toEqual(["overall"]);
  expect(categoryNames(toCategories({ turn: 2, labels: ["math"] }))).toEqual([
    ...["overall", "math", "multi-turn"],
  ]);
});

test("labels stand in place of the rules, in the categories that they are about", () => {
  const prompt = { hasCode: true, isMath: true, isCreative: true, hardSignals: 127, tokens: 600 };
  expect(names({ prompt, labels: ["hard"] })).toEqual([
    ...["overall", "hard", "longer-query", "no-refusal"],
  ]);
  expect(names({ prompt: { isMath: true }, labels: ["unreadable"] })).toContain("math");
  expect(names({ labels: ["multi-turn", "unknown"] })).toEqual(["overall", "no-refusal"]);
});

test("masks and names", () => {
  for (const [index, category] of CATEGORIES.entries()) {
    const mask = toCategoryMask([category]);
    expect(mask).toBe((1 << index) | 1);
    expect(hasCategory(mask, category)).toBe(true);
    expect(categoryNames(mask)).toEqual(index === 0 ? ["overall"] : ["overall", category]);
  }
  expect(toCategoryMask(["nonsense"])).toBe(1);
});
