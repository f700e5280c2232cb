import {
  apart,
  CHAIN_LENGTH,
  type Expression,
  NEVER,
  NOTHING,
  oneOf,
  sequence,
} from "./expression";
import { COMMA } from "./json-text";

/** Values that may come in any order: each set of those that came is a place of its own. */
const ANY_ORDER_MAX = 6;
/** Values that are told apart; each count of those that came is a place for each of them. */
export const UNIQUE_VALUES_MAX = 128;

/** What stands in a list's brackets: from `min` to `max` of `values`, none of them twice. */
export function uniqueItems(
  values: readonly Expression[],
  { min, max }: { min: number; max: number },
): Expression {
  if (min > values.length) return NEVER;
  const bounds = { min, max: Math.min(max, values.length) };
  return values.length <= ANY_ORDER_MAX ? inAnyOrder(values, bounds) : inOrder(values, bounds);
}

type Bounds = { min: number; max: number };

function inAnyOrder(values: readonly Expression[], { min, max }: Bounds): Expression {
  const known = new Map<number, Expression>();
  /** What may follow, `taken` being a bit for each value that came. */
  const after = (taken: number, count: number): Expression => {
    const found = known.get(taken);
    if (found) return found;
    const left = count < max ? [...values.entries()] : [];
    const made = oneOf([
      count >= min ? NOTHING : NEVER,
      ...left
        .filter(([index]) => (taken & (1 << index)) === 0)
        .map(([index, value]) => item(value, count, after(taken | (1 << index), count + 1))),
    ]);
    known.set(taken, made);
    return made;
  };
  return after(0, 0);
}

/** Those of a longer list come in its order, as properties do, or there would be too many places. */
function inOrder(values: readonly Expression[], { min, max }: Bounds): Expression {
  // What may follow, by how many came before: built from behind, where none is left.
  let after = Array.from({ length: max + 1 }, (_, count) => (count >= min ? NOTHING : NEVER));
  for (const [index, value] of [...values.entries()].reverse()) {
    after = after.map((skipped, count) => {
      const taken = after[count + 1];
      const either = taken ? oneOf([item(value, count, taken), skipped]) : skipped;
      return index % CHAIN_LENGTH === CHAIN_LENGTH - 1 ? apart(either) : either;
    });
  }
  return after[0] ?? NEVER;
}

function item(value: Expression, count: number, rest: Expression): Expression {
  return rest === NEVER ? NEVER : sequence(count > 0 ? COMMA : NOTHING, value, rest);
}
