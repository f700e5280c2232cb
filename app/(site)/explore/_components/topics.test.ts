/** Goal: an address opens what it names and nothing else, and a search finds a topic by its parts as well. */
import { expect, test } from "vitest";
import { explorePath, readExploreAddress } from "./explore-address";
import { searchTree, type TopicItem, topOf, toTree } from "./topic-tree";

const item = (id: string, parentId: string | null, ...terms: string[]): TopicItem => ({
  ...{ id, parentId, name: terms.slice(0, 2).join(", "), terms, prompts: 9, votes: 3 },
});
const tree = toTree([
  item("1", null, "Python", "list", "loop"),
  item("2", null, "pasta", "sauce"),
  item("3", "1", "pandas", "frame"),
]);

test("parts stand within their topics, and are found with them", () => {
  expect(tree.map(({ id, children }) => [id, children.map((it) => it.id)])).toEqual([
    ["1", ["3"]],
    ["2", []],
  ]);
  expect(searchTree(tree, " PANDA frame").map(({ id }) => id)).toEqual(["1"]);
  expect(searchTree(tree, "loop, python").map(({ id }) => id)).toEqual(["1"]);
  expect(searchTree(tree, "loop pasta")).toEqual([]);
  expect(searchTree(tree, "  ")).toEqual(tree);
  expect([topOf(tree, "3")?.id, topOf(tree, "2")?.id, topOf(tree, "9"), topOf(tree, null)]).toEqual(
    ["1", "2", undefined, undefined],
  );
});

test("addresses there and back", () => {
  const topic = "01a2006c-69de-7e2f-a865-deab23baf205";
  for (const address of [
    { topic: null, search: "" },
    { topic, search: "" },
    { topic, search: "a & b" },
  ]) {
    const url = new URL(explorePath("/explore", address), "http://localhost");
    expect(readExploreAddress(Object.fromEntries(url.searchParams))).toEqual(address);
  }
  expect(readExploreAddress({ topic: "../x", q: ["a", "b"] })).toEqual({ topic: null, search: "" });
});
