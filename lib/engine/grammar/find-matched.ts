import { GRAMMAR_WORK_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { type Automaton, createFlatAutomaton, FINAL } from "./automaton";
import type { Expression } from "./expression";
import { refuse } from "./refusal";

/**
 * The first of `texts` that an expression without rules and free text matches whole. In time linear in
 * the text, which JavaScript's own expressions are not.
 *
 * @throws AppError when that takes more places than one mask may.
 */
export function findMatched(expression: Expression, texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  const automaton = createFlatAutomaton(expression);
  const work = { left: GRAMMAR_WORK_MAX };
  return texts.find((text) => matches(automaton, text, work));
}

function matches(automaton: Automaton, text: string, work: { left: number }): boolean {
  let at = close(automaton, [automaton.start], work);
  for (const byte of new TextEncoder().encode(text)) {
    const next: number[] = [];
    for (const state of at) {
      const edges = automaton.states[state]?.edges ?? [];
      for (let edge = 0; edge < edges.length; edge += 3) {
        const [from = 0, last = 0, target = FINAL] = edges.slice(edge, edge + 3);
        if (byte >= from && byte <= last) next.push(target);
      }
    }
    at = close(automaton, next, work);
  }
  return at.has(FINAL);
}

/** The places reached from these without a byte, too. */
function close({ states }: Automaton, from: number[], work: { left: number }): Set<number> {
  const found = new Set<number>();
  for (let at = from.pop(); at !== undefined; at = from.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    if (--work.left < 0) {
      throw refuse("The grammar has a pattern of names that is too ambiguous. Take a simpler one.");
    }
    const state = states[at];
    assert(state && state.calls.length === 0, "a flat automaton has places and no calls");
    from.push(...state.jumps);
  }
  return found;
}
