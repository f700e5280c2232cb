import { assert } from "@/lib/util/assert";

/**
 * Who was compared with whom. Maximum likelihood gives finite ratings to a group of models if and only
 * if each can be reached from each along wins and ties, i.e. the group is strongly connected (Ford 1957;
 * Hunter 2004, §2). This file finds the groups; `pick-rated.ts` names what is outside the chosen one.
 */

/** An arrow from a model to one that it beat or tied with, by index. */
export type Arrow = { from: number; to: number };

export class ComparisonGraph {
  private readonly order: number;
  private readonly outgoing: number[][];
  private readonly incoming: number[][];

  constructor(order: number, arrows: Iterable<Arrow>) {
    this.order = order;
    this.outgoing = Array.from({ length: order }, () => []);
    this.incoming = Array.from({ length: order }, () => []);
    for (const { from, to } of arrows) {
      assert(from !== to, "a model is not compared with itself");
      listOf(this.outgoing, from).push(to);
      listOf(this.incoming, to).push(from);
    }
  }

  /** All models that `start` reaches along arrows, itself included. */
  reachableFrom(start: number): Set<number> {
    return walk(this.outgoing, start);
  }

  /** All models that reach `start` along arrows, itself included. */
  reaching(start: number): Set<number> {
    return walk(this.incoming, start);
  }

  /**
   * Strongly connected components, each in ascending order. Kosaraju's two passes (Aho, Hopcroft and
   * Ullman, Data Structures and Algorithms, 1983, §6.7), with explicit stacks since a chain of models
   * may be longer than the call stack is deep.
   */
  strongComponents(): number[][] {
    const components: number[][] = [];
    const taken = new Set<number>();
    for (const start of this.finishOrder().reverse()) {
      if (taken.has(start)) continue;
      const component = [...walk(this.incoming, start, taken)];
      for (const index of component) taken.add(index);
      components.push(component.sort((left, right) => left - right));
    }
    return components;
  }

  /** Indices in the order in which a depth-first search leaves them. */
  private finishOrder(): number[] {
    const seen = new Set<number>();
    const finished: number[] = [];
    for (let start = 0; start < this.order; start++) {
      if (seen.has(start)) continue;
      seen.add(start);
      const stack = [{ index: start, next: 0 }];
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const target = listOf(this.outgoing, top.index)[top.next++];
        if (target === undefined) {
          finished.push(top.index);
          stack.pop();
        } else if (!seen.has(target)) {
          seen.add(target);
          stack.push({ index: target, next: 0 });
        }
      }
    }
    return finished;
  }
}

function listOf(lists: readonly number[][], index: number): number[] {
  const list = lists[index];
  assert(list !== undefined, "an arrow names a known model");
  return list;
}

function walk(lists: readonly number[][], start: number, without: ReadonlySet<number> = new Set()) {
  const seen = new Set([start]);
  const open = [start];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    for (const next of listOf(lists, index)) {
      if (seen.has(next) || without.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}
