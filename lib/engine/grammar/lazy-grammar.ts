import {
  GRAMMAR_CONFIGURATION_ITEMS_MAX,
  GRAMMAR_MASK_BYTES_MAX,
  GRAMMAR_REMEMBERED_ITEMS_MAX,
  GRAMMAR_WORK_MAX,
} from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { type Automaton, FINAL, type State } from "./automaton";
import { refuse } from "./refusal";
import type { TokenTree, Vocabulary } from "./vocabulary-trie";

/** Where to go on when a rule ends; the same ones are the same object. */
type Stack = {
  id: number;
  state: number;
  parent: Stack | undefined;
  children: Map<number, Stack>;
};

/** All places an answer may be at, given what it has written so far. */
export type Configuration = {
  /** Places with a way on, each with its stack; parallel arrays. */
  states: readonly number[];
  stacks: readonly Stack[];
  /** Whether the answer may end here. */
  canEnd: boolean;
  /** Plain characters that may surely follow (`State.plainRun`). */
  plainRun: number;
  /** By class of bytes: what follows; null: nothing does; undefined: not yet looked at. */
  next: (Configuration | null | undefined)[];
  mask: Int32Array | undefined;
  generation: number;
};

/** Items that weigh as much as a stack with its map. */
const STACK_ITEMS = 8;

/** Drops the masks made longest ago; whoever needs one again has it made again. */
export class MaskStore {
  readonly #holders: Configuration[] = [];
  #byteCount = 0;

  add(holder: Configuration, mask: Int32Array): void {
    holder.mask = mask;
    this.#byteCount += mask.byteLength;
    this.#holders.push(holder);
    if (this.#byteCount <= GRAMMAR_MASK_BYTES_MAX) return;
    // Half of them at once, since taking one off the front of a list moves all the others.
    for (const old of this.#holders.splice(0, this.#holders.length >> 1)) {
      this.#byteCount -= old.mask?.byteLength ?? 0;
      old.mask = undefined;
    }
  }
}

/**
 * Reads a grammar the way a lexer made of a regular expression reads one, with the states of the
 * deterministic automaton made only as they are come upon: a configuration is the set of places (with
 * stacks, since JSON nests) that the bytes so far lead to. So a repetition counted to 1,000 costs what
 * is used of it, and an expression with 2ⁿ deterministic states costs n a step (Thompson, Regular
 * Expression Search Algorithm, 1968; lazily as in Cox, Regular Expression Matching Can Be Simple And
 * Fast, 2007).
 */
export class LazyGrammar {
  readonly #automaton: Automaton;
  readonly #vocabulary: Vocabulary;
  readonly #masks: MaskStore;
  /** Bytes that no edge tells apart are of one class. */
  readonly #classOf = new Uint8Array(256);
  readonly #classBytes: number[] = [];
  #known = new Map<string, Configuration>();
  #bottom: Stack;
  #stackCount = 0;
  #generation = 0;
  #itemCount = 0;
  /** Places looked at for the last call of `advance` or `maskOf`. */
  work = 0;
  readonly #path: (Configuration | undefined)[] = [];

  constructor(automaton: Automaton, vocabulary: Vocabulary, masks: MaskStore) {
    this.#masks = masks;
    this.#automaton = automaton;
    this.#vocabulary = vocabulary;
    this.#bottom = this.#createStack(FINAL, undefined);
    const isFirst = new Uint8Array(257);
    for (const { edges } of automaton.states) {
      for (let at = 0; at < edges.length; at += 3) {
        isFirst[edges[at] as number] = 1;
        isFirst[(edges[at + 1] as number) + 1] = 1;
      }
    }
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 0 || isFirst[byte]) this.#classBytes.push(byte);
      this.#classOf[byte] = this.#classBytes.length - 1;
    }
  }

  start(): Configuration {
    const first = this.#close([this.#automaton.start], [this.#bottom]);
    assert(first, "a grammar without any text is no automaton");
    return first;
  }

  /** Where `bytes` lead to; undefined where the grammar does not go. */
  advance(from: Configuration, bytes: Uint8Array): Configuration | undefined {
    this.work = 0;
    let at: Configuration | null = this.#renew(from);
    for (const byte of bytes) {
      at = this.#follow(at, this.#classOf[byte] as number);
      if (!at) return undefined;
    }
    return at;
  }

  /** Which tokens may follow. Belongs to the configuration: nobody writes to it. */
  maskOf(configuration: Configuration): Int32Array {
    this.work = 0;
    if (configuration.mask) return configuration.mask;
    const { plainCharactersMax, plainMask, notPlain, all, wordCount } = this.#vocabulary;
    const isPlain = configuration.plainRun >= plainCharactersMax;
    const mask = isPlain ? plainMask.slice() : new Int32Array(wordCount);
    if (configuration.states.length > 0) this.#walk(configuration, isPlain ? notPlain : all, mask);
    this.#masks.add(configuration, mask);
    return mask;
  }

  #walk(from: Configuration, tree: TokenTree, mask: Int32Array): void {
    const { bytes, depths, ends, tokens, nodeCount } = tree;
    const { twins } = this.#vocabulary;
    const classOf = this.#classOf;
    const path = this.#path;
    path[0] = from;
    // In-bounds by construction of the tree: every node has its byte, depth, end and parent's configuration.
    for (let node = 0; node < nodeCount; ) {
      const depth = depths[node] as number;
      const at = path[depth] as Configuration;
      const group = classOf[bytes[node] as number] as number;
      let next = at.next[group];
      if (next === undefined) next = this.#follow(at, group);
      if (next === null) {
        node = ends[node] as number;
        continue;
      }
      path[depth + 1] = next;
      for (let id = tokens[node] as number; id >= 0; id = twins[id] as number) {
        mask[id >> 5] = (mask[id >> 5] as number) | (1 << (id & 31));
      }
      node++;
    }
    path.length = 0;
  }

  #follow(from: Configuration, group: number): Configuration | null {
    const known = from.next[group];
    if (known !== undefined) return known;
    const byte = this.#classBytes[group] as number;
    const states: number[] = [];
    const stacks: Stack[] = [];
    for (const [index, state] of from.states.entries()) {
      const { edges } = this.#state(state);
      for (let at = 0; at < edges.length; at += 3) {
        if (byte < (edges[at] as number) || byte > (edges[at + 1] as number)) continue;
        states.push(edges[at + 2] as number);
        stacks.push(from.stacks[index] as Stack);
      }
    }
    const next = states.length > 0 ? this.#close(states, stacks) : null;
    from.next[group] = next;
    return next;
  }

  /** The places reached from these without a byte; null when none of them leads anywhere. */
  #close(states: number[], stacks: Stack[]): Configuration | null {
    const stateCount = this.#automaton.states.length;
    const seen = new Set<number>();
    const found: { key: number; state: number; stack: Stack }[] = [];
    let canEnd = false;
    let plainRun = 0;
    const visit = (state: number, stack: Stack) => {
      states.push(state);
      stacks.push(stack);
    };
    for (let state = states.pop(); state !== undefined; state = states.pop()) {
      const stack = stacks.pop() as Stack;
      const key = stack.id * stateCount + state;
      if (this.#automaton.canEnd[state] !== 1 || seen.has(key)) continue;
      seen.add(key);
      if (seen.size > GRAMMAR_CONFIGURATION_ITEMS_MAX) throw tooAmbiguous();
      if (state === FINAL) {
        if (stack.parent) visit(stack.state, stack.parent);
        else canEnd = true;
        continue;
      }
      const { edges, jumps, calls, plainRun: run } = this.#state(state);
      plainRun = Math.max(plainRun, run);
      for (const jump of jumps) visit(jump, stack);
      for (let at = 0; at < calls.length; at += 2) {
        const after = calls[at + 1] as number;
        if (this.#automaton.canEnd[after] !== 1) continue;
        // What ends where its caller ends comes back to the caller's caller, however deep it recurs.
        visit(calls[at] as number, after === FINAL ? stack : this.#push(stack, after));
      }
      if (edges.length > 0) found.push({ key, state, stack });
    }
    this.work += seen.size;
    if (this.work > GRAMMAR_WORK_MAX) throw tooAmbiguous();
    if (found.length === 0 && !canEnd) return null;
    found.sort((a, b) => a.key - b.key);
    return this.#intern(found, canEnd, plainRun);
  }

  #intern(
    found: readonly { key: number; state: number; stack: Stack }[],
    canEnd: boolean,
    plainRun: number,
  ): Configuration {
    const key = `${canEnd ? "." : ""}${plainRun} ${found.map((it) => it.key).join(" ")}`;
    const known = this.#known.get(key);
    if (known) return known;
    // A configuration's own fields weigh as much as some sixty items.
    this.#itemCount += found.length + 60;
    if (this.#itemCount > GRAMMAR_REMEMBERED_ITEMS_MAX) this.#forget();
    const made: Configuration = {
      states: found.map((it) => it.state),
      stacks: found.map((it) => it.stack),
      canEnd,
      plainRun,
      next: [],
      mask: undefined,
      generation: this.#generation,
    };
    this.#known.set(key, made);
    return made;
  }

  /** What was come upon is kept until it is too much, and then begun anew. */
  #forget(): void {
    this.#known = new Map();
    this.#itemCount = 0;
    this.#generation++;
    this.#bottom = this.#createStack(FINAL, undefined);
  }

  /** An older configuration leads to all those it was left for; a copy lets go of them. */
  #renew(old: Configuration): Configuration {
    if (old.generation === this.#generation) return old;
    const stacks = old.stacks.map((stack) => this.#copy(stack));
    const renewed = this.#close([...old.states], stacks);
    assert(renewed, "places with a way on have it still");
    // What was reached without a byte may have been left out of `states`.
    return { ...renewed, canEnd: old.canEnd, plainRun: old.plainRun, next: [] };
  }

  #copy(stack: Stack): Stack {
    const states: number[] = [];
    let at = stack;
    for (; at.parent; at = at.parent) states.push(at.state);
    return states.reduceRight((parent, state) => this.#push(parent, state), this.#bottom);
  }

  #push(parent: Stack, state: number): Stack {
    let child = parent.children.get(state);
    if (!child) {
      child = this.#createStack(state, parent);
      parent.children.set(state, child);
    }
    return child;
  }

  #createStack(state: number, parent: Stack | undefined): Stack {
    this.#itemCount += STACK_ITEMS;
    return { id: this.#stackCount++, state, parent, children: new Map() };
  }

  #state(index: number): State {
    const state = this.#automaton.states[index];
    assert(state, "a place is a state");
    return state;
  }
}

export function tooAmbiguous(): Error {
  return refuse(
    "The grammar is too ambiguous: a text can be read in too many ways at once. Avoid repetitions within repetitions, and alternatives that begin alike.",
  );
}
