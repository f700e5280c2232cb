import { assert } from "@/lib/util/assert";
import { type CodePoints, charactersOf, intersectionOf } from "./code-points";
import { characters, type Expression, type Network, type NetworkNode } from "./expression";
import { expectTimeLeft } from "./reading-limits";
import type { LengthRange } from "./text-length";

/**
 * Texts that meet two things at once, by products of networks over characters: what two expressions
 * both match, and what one matches in so many characters. Nodes from which no end can be reached are
 * left out, so that a product is no larger than what it may be used for.
 */

/** Pairs looked at for one product: a fifth of the states that a grammar may have, in some 50 ms. */
export const NETWORK_NODES_MAX = 60_000;

/** What was asked for takes more than `NETWORK_NODES_MAX` nodes; whoever asked knows the place in the schema. */
export class NetworkTooLargeError extends Error {}

/** The end, which leads nowhere. */
const END = 0;

/** Nodes with plain sets of characters, which the products are made of. */
type Node = { edges: { set: CodePoints; to: number }[]; jumps: number[] };
type Graph = { nodes: readonly Node[]; start: number };

/** What both match. @throws NetworkTooLargeError */
export function intersectionOfTexts(a: Expression, b: Expression): Expression {
  const one = toGraph(a);
  const other = toGraph(b);
  const sets = new SetPairs();
  const width = other.nodes.length;
  return explore(one.start * width + other.start, (key) => {
    const p = Math.floor(key / width);
    const q = key % width;
    const from = nodeOf(one, p);
    const beside = nodeOf(other, q);
    const edges = from.edges.flatMap(({ set, to }) =>
      beside.edges.flatMap((it) => {
        const both = sets.intersect(set, it.set);
        return both.length > 0 ? { set: both, to: to * width + it.to } : [];
      }),
    );
    const jumps = [
      ...from.jumps.map((to) => to * width + q),
      ...beside.jumps.map((to) => p * width + to),
    ];
    return { edges, jumps };
  });
}

/**
 * What `expression` matches in `min` to `max` characters, exactly, by counting them.
 *
 * @returns undefined where counting would take more than `NETWORK_NODES_MAX` nodes.
 * @throws NetworkTooLargeError where the expression alone does.
 */
export function countedTexts(
  expression: Expression,
  { min, max }: LengthRange,
): Expression | undefined {
  const graph = toGraph(expression);
  // Beyond the fewest that are needed, and with no most, one count is as good as another.
  const last = max === Number.POSITIVE_INFINITY ? min : max;
  const width = last + 1;
  if (graph.nodes.length * width > NETWORK_NODES_MAX) return undefined;
  return explore(
    graph.start * width,
    (key) => {
      const { edges, jumps } = nodeOf(graph, Math.floor(key / width));
      const count = key % width;
      const next = max === Number.POSITIVE_INFINITY ? Math.min(count + 1, last) : count + 1;
      return {
        edges: next > last ? [] : edges.map(({ set, to }) => ({ set, to: to * width + next })),
        jumps: jumps.map((to) => to * width + count),
      };
    },
    (key) => key < width && key >= min,
  );
}

/** The most characters that `countedTexts` counts. @throws NetworkTooLargeError */
export function countableIn(expression: Expression): number {
  return Math.floor(NETWORK_NODES_MAX / toGraph(expression).nodes.length) - 1;
}

/** The network of all that is reached from `start`, as far as it leads to an end; `leave` gives the ways on by numbers of the caller's own. */
function explore(
  start: number,
  leave: (key: number) => Node,
  isEnd: (key: number) => boolean = (key) => key === END,
): Expression {
  const indices = new Map<number, number>();
  // The end is one of its own, to which each node that may end jumps.
  const nodes: Node[] = [{ edges: [], jumps: [] }];
  const unread: number[] = [];
  const at = (key: number): number => {
    const known = indices.get(key);
    if (known !== undefined) return known;
    if (nodes.length >= NETWORK_NODES_MAX) throw new NetworkTooLargeError();
    expectTimeLeft();
    const index = nodes.push({ edges: [], jumps: isEnd(key) ? [END] : [] }) - 1;
    indices.set(key, index);
    unread.push(key);
    return index;
  };
  const first = at(start);
  for (let key = unread.pop(); key !== undefined; key = unread.pop()) {
    const node = nodes[at(key)];
    assert(node, "a key has its node");
    const { edges, jumps } = leave(key);
    for (const { set, to } of edges) node.edges.push({ set, to: at(to) });
    for (const to of jumps) node.jumps.push(at(to));
  }
  return toNetwork({ nodes, start: first });
}

/** Drops what leads to no end; where the start does not, nothing is matched. */
function toNetwork({ nodes, start }: Graph): Network {
  const before: number[][] = nodes.map(() => []);
  for (const [from, { edges, jumps }] of nodes.entries()) {
    for (const { to } of edges) before[to]?.push(from);
    for (const to of jumps) before[to]?.push(from);
  }
  const places = new Map([[END, 0]]);
  const kept = [END];
  // A list that grows while it is gone through.
  for (const to of kept) {
    for (const from of before[to] ?? []) {
      if (places.has(from)) continue;
      places.set(from, kept.push(from) - 1);
    }
  }
  const expressions = new Map<CodePoints, Expression>();
  const write = (set: CodePoints): Expression => {
    const known = expressions.get(set) ?? characters(set);
    expressions.set(set, known);
    return known;
  };
  const made = kept.map((index): NetworkNode => {
    const { edges, jumps } = nodeOf({ nodes }, index);
    return {
      edges: edges.flatMap(({ set, to }) => {
        const place = places.get(to);
        return place === undefined ? [] : { on: write(set), to: place };
      }),
      jumps: jumps.flatMap((to) => places.get(to) ?? []),
    };
  });
  return { type: "network", nodes: made, start: places.get(start) };
}

function nodeOf({ nodes }: Pick<Graph, "nodes">, index: number): Node {
  const node = nodes[index];
  assert(node, "a node is in its network");
  return node;
}

function toGraph(expression: Expression): Graph {
  const nodes: Node[] = [{ edges: [], jumps: [] }];
  const add = (node: Node): number => {
    if (nodes.length >= NETWORK_NODES_MAX) throw new NetworkTooLargeError();
    expectTimeLeft();
    return nodes.push(node) - 1;
  };
  const lead = (from: Expression, next: number): number => {
    switch (from.type) {
      case "text":
        return Array.from(from.text).reduceRight(
          (to, it) => add({ edges: [{ set: charactersOf(it), to }], jumps: [] }),
          next,
        );
      case "characters":
        return add({ edges: [{ set: from.set, to: next }], jumps: [] });
      case "sequence":
        return from.parts.reduceRight((to, part) => lead(part, to), next);
      case "one-of":
        return add({ edges: [], jumps: from.parts.map((part) => lead(part, next)) });
      case "repeat":
        return leadRepeated(from, next);
      case "network":
        return copyNetwork(from, next);
      case "rule":
      case "without":
      case "free-text":
        // Patterns, formats and counts of characters are made of none.
        throw new Error(`No network is made of a ${from.type}.`);
    }
  };
  const leadRepeated = (
    { part, min, max }: Extract<Expression, { type: "repeat" }>,
    next: number,
  ): number => {
    let after = next;
    if (max === Number.POSITIVE_INFINITY) {
      after = add({ edges: [], jumps: [next] });
      nodes[after]?.jumps.push(lead(part, after));
    }
    for (let count = max === Number.POSITIVE_INFINITY ? min : max; count > 0; count--) {
      const once = lead(part, after);
      after = count > min ? add({ edges: [], jumps: [once, next] }) : once;
    }
    return after;
  };
  const copyNetwork = (network: Network, next: number): number => {
    const copies = network.nodes.map((_, index) =>
      index === END ? next : add({ edges: [], jumps: [] }),
    );
    const copyOf = (index: number) => copies[index] ?? next;
    for (const [index, { edges, jumps }] of network.nodes.entries()) {
      if (index === END) continue;
      const copy = nodes[copyOf(index)];
      for (const { on, to } of edges) {
        assert(on.type === "characters", "a network is multiplied before it is written as JSON");
        copy?.edges.push({ set: on.set, to: copyOf(to) });
      }
      copy?.jumps.push(...jumps.map(copyOf));
    }
    // One whose start leads to no end.
    return network.start === undefined ? add({ edges: [], jumps: [] }) : copyOf(network.start);
  };
  const start = lead(expression, END);
  return { nodes, start };
}

/** The same two sets meet again and again; sets of letters have hundreds of ranges. */
class SetPairs {
  readonly #known = new Map<CodePoints, Map<CodePoints, CodePoints>>();

  intersect(a: CodePoints, b: CodePoints): CodePoints {
    if (a === b) return a;
    let byOther = this.#known.get(a);
    if (!byOther) {
      byOther = new Map();
      this.#known.set(a, byOther);
    }
    let both = byOther.get(b);
    if (!both) {
      both = intersectionOf(a, b);
      byOther.set(b, both);
    }
    return both;
  }
}
