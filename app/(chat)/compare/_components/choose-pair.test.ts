import { expect, test } from "vitest";
import type { ModelView } from "@/lib/protocol/arena-view";
import { choosePair, pairBlock } from "./choose-pair";

// The list's other fields have no part in the choice.
const model = (name: string, rest: Partial<ModelView> = {}) =>
  ({ name, awake: true, features: ["chat"], workers: 1, ...rest }) as ModelView;

const LIST = [
  model("one"),
  model("two"),
  model("sleeper", { awake: false }),
  model("reader", { features: [] }),
];

test("what is wanted is chosen, asleep or twice as well", () => {
  const choose = (a: string, b: string) => choosePair(LIST, { a, b }).models;
  expect(choose("two", "one")).toEqual({ a: "two", b: "one" });
  expect(choose("one", "one")).toEqual({ a: "one", b: "one" });
  expect(choose("sleeper", "one")).toEqual({ a: "sleeper", b: "one" });
});

test("what is not wanted is the first one awake that is not on the other side", () => {
  expect(choosePair(LIST, { a: null, b: null }).models).toEqual({ a: "one", b: "two" });
  expect(choosePair(LIST, { a: null, b: "one" }).models).toEqual({ a: "two", b: "one" });
  expect(choosePair([model("one")], { a: null, b: null }).models).toEqual({ a: "one", b: "one" });
  expect(choosePair([], { a: null, b: null }).models).toEqual({ a: "", b: "" });
});

test("a name that cannot be chosen is said to be none", () => {
  const { models, remarks } = choosePair(LIST, { a: "nobody", b: "reader" });
  expect(models).toEqual({ a: "one", b: "two" });
  expect(remarks).toEqual([
    "There is no model called nobody here. one was chosen instead.",
    "reader reads texts and writes none. two was chosen instead.",
  ]);
  expect(choosePair(undefined, { a: "nobody", b: null }).remarks).toEqual([]);
});

test("a side that is asleep keeps one from asking", () => {
  expect(pairBlock(LIST, { a: "one", b: "two" })).toBeNull();
  expect(pairBlock(undefined, { a: "", b: "" })).toBeNull();
  expect(pairBlock(LIST, { a: "sleeper", b: "two" })).toMatch(/^sleeper is asleep/);
  expect(pairBlock(LIST, { a: "sleeper", b: "gone" })).toMatch(/^sleeper and gone are asleep/);
  expect(pairBlock([], { a: "", b: "" })).toMatch(/No model/);
});
