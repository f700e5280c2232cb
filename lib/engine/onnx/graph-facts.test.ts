/** Goal: a graph in which rows may mean something to each other by the mask's width is known for one. */
import { expect, test } from "vitest";
import { choosesByMask } from "./graph-facts";
import type { OnnxNode } from "./onnx-model";
import { makeNode } from "./onnx-parts";

const graphOf = (node: OnnxNode[]) => ({
  ...{ name: "graph", node, initializer: [], input: [], output: [] },
});
const width = [
  makeNode("Shape", { input: ["attention_mask"], output: ["dims"] }),
  makeNode("Gather", { input: ["dims", "one"], output: ["width"] }),
];

test("a mask that is only counted for the attention is no choice", () => {
  const counted = [
    makeNode("ReduceSum", { input: ["attention_mask"], output: ["lengths"] }),
    ...width,
    makeNode("GroupQueryAttention", { input: ["qkv", "lengths", "width"], output: ["attended"] }),
    makeNode("Where", { input: ["attended", "a", "b"], output: ["out"] }),
  ];
  expect(choosesByMask(graphOf(counted), ["attention_mask"])).toBe(false);
});

test.each(["Greater", "If", "Min"])("a way that leads to %s is one", (opType) => {
  const nodes = [...width, makeNode(opType, { input: ["width", "border"], output: ["which"] })];
  expect(choosesByMask(graphOf(nodes), ["attention_mask"])).toBe(true);
  expect(choosesByMask(graphOf(nodes), ["placed_mask"])).toBe(false);
});
