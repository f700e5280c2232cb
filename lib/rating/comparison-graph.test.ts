import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { type Arrow, ComparisonGraph } from "./comparison-graph";

const arrows = (...list: [number, number][]): Arrow[] => list.map(([from, to]) => ({ from, to }));

test("groups that beat each other are one component", () => {
  const graph = new ComparisonGraph(6, arrows([0, 1], [1, 2], [2, 0], [2, 3], [3, 4], [4, 3]));
  expect(graph.strongComponents().sort()).toEqual([[0, 1, 2], [3, 4], [5]]);
  expect([...graph.reachableFrom(3)].sort()).toEqual([3, 4]);
  expect([...graph.reaching(3)].sort()).toEqual([0, 1, 2, 3, 4]);
});

test("a chain longer than the call stack", () => {
  const order = 50_000;
  const chain = Array.from({ length: order - 1 }, (_, from) => ({ from, to: from + 1 }));
  expect(new ComparisonGraph(order, chain).strongComponents()).toHaveLength(order);
});

test("components agree with mutual reachability on random graphs", () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const order = 1 + Math.floor(random() * 9);
    const list = Array.from({ length: Math.floor(random() * 14) }, () => ({
      from: Math.floor(random() * order),
      to: Math.floor(random() * order),
    })).filter(({ from, to }) => from !== to);
    const graph = new ComparisonGraph(order, list);
    const components = graph.strongComponents();
    expect(components.flat().sort(), `seed ${seed}`).toEqual([...Array(order).keys()]);
    for (const component of components) {
      const mutual = [...graph.reachableFrom(component[0]!)]
        .filter((index) => graph.reaching(component[0]!).has(index))
        .sort((left, right) => left - right);
      expect(component, `seed ${seed}, round ${round}`).toEqual(mutual);
    }
  }
});
