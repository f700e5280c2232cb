import type { State } from "./automaton";

/**
 * From which states an end can be reached. The others would let an answer begin what it cannot finish
 * (an optional property whose schema requires itself), so they are never entered. Goes backwards from
 * the end, each state once.
 */
export function findProductive(states: readonly State[], end: number): Uint8Array {
  const canEnd = new Uint8Array(states.length);
  const before: (number[] | undefined)[] = [];
  const lead = (from: number, to: number) => {
    const others = before[to];
    if (others) others.push(from);
    else before[to] = [from];
  };
  for (const [index, { edges, jumps, calls }] of states.entries()) {
    for (let at = 2; at < edges.length; at += 3) lead(index, edges[at] ?? end);
    for (const jump of jumps) lead(index, jump);
    for (const part of calls) lead(index, part);
  }
  const leadsOn = ({ edges, jumps, calls }: State, to: number): boolean => {
    if (calls.length === 0) return true;
    for (let at = 0; at < calls.length; at += 2) {
      if (canEnd[calls[at] ?? end] && canEnd[calls[at + 1] ?? end]) return true;
    }
    // A state that calls may lead on in another way too.
    return jumps.includes(to) || edges.some((target, at) => at % 3 === 2 && target === to);
  };
  const found = [end];
  canEnd[end] = 1;
  for (let to = found.pop(); to !== undefined; to = found.pop()) {
    for (const from of before[to] ?? []) {
      const state = states[from];
      if (canEnd[from] || !state || !leadsOn(state, to)) continue;
      canEnd[from] = 1;
      found.push(from);
    }
  }
  return canEnd;
}
