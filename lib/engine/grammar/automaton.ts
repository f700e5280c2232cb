import { GRAMMAR_STATES_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import {
  type ByteRanges,
  type CodePoints,
  charactersOf,
  complementOf,
  holdsAll,
  toByteRanges,
} from "./code-points";
import type { Expression, FreeText, Network, Rule } from "./expression";
import { PLAIN_CHARACTERS } from "./json-text";
import { findProductive } from "./productive-states";
import { expectTimeLeft } from "./reading-limits";
import { refuse } from "./refusal";

/**
 * One place in a grammar: which bytes lead on, which rules may be entered, and whether the rule it is
 * in may end here.
 */
export type State = {
  /** Triples of first byte, last byte, target. */
  edges: number[];
  /** Places one is also at. */
  jumps: number[];
  /** Pairs of a rule's first state and the state after it. */
  calls: number[];
  /** Characters of a JSON string that may surely follow (`PLAIN_CHARACTERS`), whichever they are. */
  plainRun: number;
};

/** The one state in which a rule ends. */
export const FINAL = 0;

/** A grammar as a network of states; only those from which an end can be reached are entered. */
export type Automaton = {
  states: readonly State[];
  start: number;
  /** Whether an end can be reached: 1 or 0 for each state. */
  canEnd: Uint8Array;
};

/** @throws AppError when it has too many states, or nothing at all matches. */
export function createAutomaton(root: Expression): Automaton {
  return new AutomatonBuilder().build(root);
}

/** Of an expression without rules and free text: one without calls, which may have no way to an end. */
export function createFlatAutomaton(part: Expression): Automaton {
  return new AutomatonBuilder(true).buildAny(part);
}

const ENCODER = new TextEncoder();

/** Copies of a part that is repeated are made in place up to this size; larger ones are rules. */
const COPIED_PARTS_MAX = 2;

/** Builds backwards: each expression is made for the state that follows it. */
class AutomatonBuilder {
  readonly #copiesAll: boolean;
  readonly #states: State[] = [];
  readonly #starts = new Map<Rule, number>();
  readonly #unbuilt: Rule[] = [];
  readonly #done = new WeakMap<Expression, Map<number, number>>();
  readonly #tails = new Map<string, number>();
  readonly #byteRanges = new WeakMap<CodePoints, ByteRanges[]>();
  readonly #partRules = new WeakMap<Expression, Rule>();

  /** @param copiesAll whether what is repeated never is a rule. */
  constructor(copiesAll = false) {
    this.#copiesAll = copiesAll;
  }

  build(root: Expression): Automaton {
    const automaton = this.buildAny(root);
    if (automaton.canEnd[automaton.start] === 1) return automaton;
    throw refuse(
      "No text can meet this grammar: what it requires contradicts itself or never ends.",
    );
  }

  buildAny(root: Expression): Automaton {
    const final = this.#add();
    assert(final === FINAL, "the first state is the end");
    const start = this.#to(root, FINAL);
    for (let rule = this.#unbuilt.pop(); rule !== undefined; rule = this.#unbuilt.pop()) {
      const from = this.#starts.get(rule);
      assert(from !== undefined, "a rule has a first state before it has others");
      this.#state(from).jumps.push(this.#to(rule.body, FINAL));
    }
    return { states: this.#states, start, canEnd: findProductive(this.#states, FINAL) };
  }

  /** The state from which `expression` leads to `next`. */
  #to(expression: Expression, next: number): number {
    let byNext = this.#done.get(expression);
    if (!byNext) {
      byNext = new Map();
      this.#done.set(expression, byNext);
    }
    const known = byNext.get(next);
    if (known !== undefined) return known;
    const made = this.#make(expression, next);
    byNext.set(next, made);
    return made;
  }

  #make(expression: Expression, next: number): number {
    expectTimeLeft();
    switch (expression.type) {
      case "text": {
        const bytes = ENCODER.encode(expression.text);
        return bytes.reduceRight((after, byte) => this.#addEdge(byte, byte, after), next);
      }
      case "characters":
        return this.#makeCharacters(expression.set, next);
      case "sequence":
        return expression.parts.reduceRight((after, part) => this.#to(part, after), next);
      case "one-of": {
        const parts = expression.parts.map((part) => this.#to(part, next));
        return this.#add({ jumps: parts });
      }
      case "repeat":
        return this.#makeRepeat(expression, next);
      case "rule":
        return this.#add({ calls: [this.#startOf(expression.rule), next] });
      case "without":
        return this.#makeWithout(expression, next);
      case "network":
        return this.#makeNetwork(expression, next);
      case "free-text":
        return this.#makeFreeText(expression, next);
    }
  }

  #makeCharacters(set: CodePoints, next: number): number {
    let sequences = this.#byteRanges.get(set);
    if (!sequences) {
      sequences = toByteRanges(set);
      this.#byteRanges.set(set, sequences);
    }
    const edges: number[] = [];
    for (const ranges of sequences) {
      const [first, ...rest] = ranges;
      assert(first, "a character has a byte");
      const after = rest.reduceRight((to, [from, last]) => this.#addTail(from, last, to), next);
      edges.push(first[0], first[1], after);
    }
    return this.#add({ edges });
  }

  /** States with one edge are shared: most characters of a set end in the same bytes. */
  #addTail(from: number, last: number, target: number): number {
    const key = `${from} ${last} ${target}`;
    const known = this.#tails.get(key);
    if (known !== undefined) return known;
    const made = this.#addEdge(from, last, target);
    this.#tails.set(key, made);
    return made;
  }

  #makeRepeat({ part, min, max }: Extract<Expression, { type: "repeat" }>, next: number): number {
    const isPlain = holdsPlain(part);
    let after: number;
    if (max === Number.POSITIVE_INFINITY) {
      after = this.#add({ plainRun: isPlain ? max : 0 });
      // `after` is in its own way round, so it is filled in once it exists.
      this.#state(after).jumps.push(this.#to(part, after), next);
    } else {
      after = next;
    }
    const count = max === Number.POSITIVE_INFINITY ? min : max;
    const isRule = count > COPIED_PARTS_MAX && !isSmall(part) && !this.#copiesAll;
    const copied = isRule ? this.#toRule(part) : part;
    for (let index = count - 1; index >= 0; index--) {
      const jumps = [this.#to(copied, after)];
      if (index >= min) jumps.push(next);
      after = this.#add({ jumps, plainRun: isPlain ? max - index : 0 });
    }
    return after;
  }

  #toRule(part: Expression): Expression {
    let rule = this.#partRules.get(part);
    if (!rule) {
      rule = { body: part };
      this.#partRules.set(part, rule);
    }
    return { type: "rule", rule };
  }

  /**
   * The product of what `part` may be and of how much of `text` has just been written. Bytes do: those
   * of ASCII are in no other character's UTF-8.
   */
  #makeWithout({ part, text }: Extract<Expression, { type: "without" }>, next: number): number {
    const { states, start, canEnd } = createFlatAutomaton(part);
    const steps = listSteps(ENCODER.encode(text));
    const made = new Map<number, number>();
    const unfilled: { state: number; begun: number; index: number }[] = [];
    const at = (state: number, begun: number): number => {
      if (state === FINAL) return next;
      const key = state * steps.length + begun;
      const known = made.get(key);
      if (known !== undefined) return known;
      const index = this.#add();
      made.set(key, index);
      unfilled.push({ state, begun, index });
      return index;
    };
    const first = at(start, 0);
    for (let it = unfilled.pop(); it !== undefined; it = unfilled.pop()) {
      const { begun, index } = it;
      const state = states[it.state];
      assert(state && state.calls.length === 0, "what is without a text has no rules");
      const { edges, jumps } = state;
      const filled = this.#state(index);
      for (const jump of jumps) if (canEnd[jump]) filled.jumps.push(at(jump, begun));
      for (let edge = 0; edge < edges.length; edge += 3) {
        const [from = 0, last = 0, target = FINAL] = edges.slice(edge, edge + 3);
        if (!canEnd[target]) continue;
        for (const { first, end, after } of splitBy(steps[begun] ?? [], from, last)) {
          if (after < steps.length) filled.edges.push(first, end, at(target, after));
        }
      }
    }
    return first;
  }

  #makeNetwork({ nodes, start }: Network, next: number): number {
    const states = nodes.map((_, index) => (index === 0 ? next : this.#add()));
    const stateOf = (index: number) => states[index] ?? next;
    for (const [index, { edges, jumps }] of nodes.entries()) {
      // The end is the state that follows, which has its own ways on.
      if (index === 0) continue;
      const state = this.#state(stateOf(index));
      state.jumps.push(...jumps.map(stateOf));
      for (const { on, to } of edges) {
        const written = isSmall(on) || this.#copiesAll ? on : this.#toRule(on);
        state.jumps.push(this.#to(written, stateOf(to)));
      }
    }
    return start === undefined ? this.#add() : stateOf(start);
  }

  /** An Aho-Corasick automaton (1975) over characters: its nodes are the beginnings of the patterns. */
  #makeFreeText(free: FreeText, next: number): number {
    const nodes = listBeginnings(free.patterns.map((it) => it.text));
    const states = new Map(nodes.map((node) => [node, this.#add()] as const));
    const root = states.get("");
    assert(root !== undefined, "the empty beginning is one");
    const characters = new Set(free.patterns.flatMap((it) => Array.from(it.text)));
    const others = complementOf(charactersOf([...characters].join("")));
    const targets = new Map<string, number>();
    for (const { text, after } of free.patterns) {
      const more = after.more === "same" ? root : after.more ? this.#to(after.more, next) : next;
      targets.set(text, this.#to(after.expression, more));
    }
    for (const [node, state] of states) {
      const { jumps } = this.#state(state);
      if (free.mayEnd) jumps.push(next);
      jumps.push(this.#makeCharacters(others, root));
      for (const character of characters) {
        const target = this.#follow(node + character, targets, states);
        jumps.push(this.#makeCharacters(charactersOf(character), target));
      }
    }
    return root;
  }

  /** Where a free text is after `read`: at the end of a pattern, or in the longest beginning of one. */
  #follow(read: string, targets: Map<string, number>, states: Map<string, number>): number {
    const rests = listSuffixes(read);
    for (const rest of rests) {
      const target = targets.get(rest);
      if (target !== undefined) return target;
    }
    const node = rests.map((rest) => states.get(rest)).find((it) => it !== undefined);
    assert(node !== undefined, "the empty beginning is always one");
    return node;
  }

  #startOf(rule: Rule): number {
    const known = this.#starts.get(rule);
    if (known !== undefined) return known;
    const start = this.#add();
    this.#starts.set(rule, start);
    this.#unbuilt.push(rule);
    return start;
  }

  #addEdge(from: number, last: number, target: number): number {
    return this.#add({ edges: [from, last, target] });
  }

  #add(parts: Partial<State> = {}): number {
    if (this.#states.length >= GRAMMAR_STATES_MAX) {
      throw refuse(
        `The grammar is too large: it has more than ${GRAMMAR_STATES_MAX} states. Take lower bounds for lengths and repetitions, or fewer alternatives.`,
      );
    }
    return this.#states.push({ edges: [], jumps: [], calls: [], plainRun: 0, ...parts }) - 1;
  }

  #state(index: number): State {
    const state = this.#states[index];
    assert(state, "a state is in the list");
    return state;
  }
}

/** Whether each plain character of a JSON string is one way through `part`. */
function holdsPlain(part: Expression): boolean {
  if (part.type === "characters") return holdsAll(part.set, PLAIN_CHARACTERS);
  if (part.type === "one-of") return part.parts.some(holdsPlain);
  if (part.type === "rule") return holdsPlain(part.rule.body);
  return false;
}

/** Whether a copy costs no more than a call: one state of one edge. */
function isSmall(part: Expression): boolean {
  if (part.type === "characters") return part.set.every(([, to]) => to < 0x80);
  return part.type === "text" && part.text.length <= 1;
}

/**
 * For each count of bytes of `text` that were just written and each byte, how many are then (Knuth,
 * Morris and Pratt, Fast Pattern Matching in Strings, 1977); all of them: `text` is whole.
 */
function listSteps(text: Uint8Array): number[][] {
  const steps: number[][] = [];
  /** Where one is without the first of the bytes that were written. */
  let behind = 0;
  for (const [begun, byte] of text.entries()) {
    const step = [...(steps[behind] ?? new Array<number>(256).fill(0))];
    if (begun > 0) behind = steps[behind]?.[byte] ?? 0;
    step[byte] = begun + 1;
    steps.push(step);
  }
  return steps;
}

/** Ranges of the bytes from `from` to `last` that make the same step. */
function splitBy(step: readonly number[], from: number, last: number) {
  const ranges: { first: number; end: number; after: number }[] = [];
  for (let byte = from; byte <= last; byte++) {
    const after = step[byte] ?? 0;
    const open = ranges.at(-1);
    if (open?.after === after) open.end = byte;
    else ranges.push({ first: byte, end: byte, after });
  }
  return ranges;
}

function listBeginnings(patterns: readonly string[]): string[] {
  const found = new Set([""]);
  for (const pattern of patterns) {
    assert(pattern.length > 0, "a pattern has a character");
    let beginning = "";
    for (const character of Array.from(pattern).slice(0, -1)) {
      beginning += character;
      found.add(beginning);
    }
  }
  return [...found];
}

/** The text, what is left of it without its first character, and so on to nothing. */
function listSuffixes(read: string): string[] {
  const characters = Array.from(read);
  return [...characters.map((_, index) => characters.slice(index).join("")), ""];
}
