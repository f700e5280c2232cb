import type { Random } from "@/lib/util/random";
import { AnswerInGrammar } from "./answer-in-grammar";
import { type Automaton, createAutomaton, FINAL } from "./automaton";
import type { GrammarSpec } from "./grammar";
import { type Configuration, LazyGrammar, MaskStore } from "./lazy-grammar";
import { toExpression } from "./spec-to-expression";
import { createVocabulary, type TokenTable, type Vocabulary } from "./vocabulary-trie";

/** For tests: small vocabularies, and ways to walk through a grammar with them. */
export type TestVocabulary = { tokens: readonly Uint8Array[]; table: TokenTable; endId: number };

const PIECES = [
  ...['{"', '":', '": ', '","', '", "', '"}', '"]', "[]", "{}", '[{"', "},", "}]", "true", "false"],
  ...["null", " the", " a", "name", "id", "ing", "er", "00", "12", "19", "2024", "-0", ".5", "e1"],
  ...[
    "é",
    "日本",
    "😀",
    " 日",
    'a"',
    '\\"',
    "\\n",
    "\\u00",
    "\n\n",
    "  ",
    "</",
    "<tool_call>",
    "tool",
  ],
  ...["http", "://", "www", "@", ".com", "foo", "bar", "baz", "red", "green", "kind", "value"],
];

/** Every byte, some pieces that cross the borders of a grammar, pieces that end inside of a character, and an end token. */
export function testVocabulary(pieces: readonly string[] = PIECES): TestVocabulary {
  const encoder = new TextEncoder();
  const tokens = [
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...pieces.map((it) => encoder.encode(it)),
    ...[Uint8Array.of(0xe6, 0x97), Uint8Array.of(0xa5, 0x20), Uint8Array.of(0x98, 0x80, 0x22)],
    new Uint8Array(0),
  ];
  return { tokens, table: toTable(tokens), endId: tokens.length - 1 };
}

export function toTable(tokens: readonly Uint8Array[]): TokenTable {
  const offsets = new Uint32Array(tokens.length + 1);
  for (const [id, token] of tokens.entries()) offsets[id + 1] = (offsets[id] ?? 0) + token.length;
  return { bytes: new Uint8Array(Buffer.concat(tokens)), offsets };
}

export function listIds(mask: Int32Array): number[] {
  const ids: number[] = [];
  for (const [index, word] of mask.entries()) {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      ids.push(index * 32 + 31 - Math.clz32(rest & -rest));
    }
  }
  return ids;
}

export type Walk = { text: string; isFinished: boolean; tokenCount: number };

type ReadGrammar = { grammar: LazyGrammar; automaton: Automaton };

export class GrammarWalker {
  readonly vocabulary: TestVocabulary;
  readonly #tree: Vocabulary;
  readonly #masks = new MaskStore();
  readonly #known = new WeakMap<GrammarSpec, ReadGrammar>();

  constructor(vocabulary: TestVocabulary) {
    this.vocabulary = vocabulary;
    this.#tree = createVocabulary(vocabulary.table);
  }

  open(spec: GrammarSpec): AnswerInGrammar {
    return this.read(spec)();
  }

  /** For opening it often. */
  read(spec: GrammarSpec): () => AnswerInGrammar {
    const { grammar } = this.#read(spec);
    return () => this.#openIn(grammar);
  }

  /** Whether `text` is whole under the grammar, given byte by byte. */
  accepts(spec: GrammarSpec, text: string | Uint8Array): boolean {
    const answer = this.open(spec);
    const mask = this.#newMask();
    for (const byte of Buffer.from(text)) {
      try {
        answer.accept(byte);
      } catch {
        return false;
      }
    }
    answer.writeMask(mask);
    return listIds(mask).includes(this.vocabulary.endId);
  }

  /**
   * Draws tokens from the masks until the answer ends. After `tokensMax` of them it goes a shortest way
   * to the end, byte by byte; `isFinished` says whether that led there. `endShare`: how often an end is
   * taken where there may be one.
   */
  walk(spec: GrammarSpec, random: Random, limits: { tokensMax: number; endShare: number }): Walk {
    const { tokens, endId } = this.vocabulary;
    const { grammar, automaton } = this.#read(spec);
    const answer = this.#openIn(grammar);
    const mask = this.#newMask();
    const written: Uint8Array[] = [];
    let at: Configuration | undefined = grammar.start();
    for (let count = 0; count < limits.tokensMax; count++) {
      const isComplete = answer.writeMask(mask);
      const ids = listIds(mask);
      if (isComplete || (ids.includes(endId) && random() < limits.endShare)) {
        return { text: decode(written), isFinished: true, tokenCount: count };
      }
      const drawn = ids.filter((id) => id !== endId);
      const id = drawn[Math.floor(random() * drawn.length)] ?? 0;
      const token = tokens[id] ?? new Uint8Array(0);
      written.push(token);
      answer.accept(id);
      at = at && grammar.advance(at, token);
    }
    const rest = at && findShortestEnd(grammar, automaton, at);
    for (const byte of rest ?? []) {
      answer.writeMask(mask);
      if (!listIds(mask).includes(byte)) return { text: "", isFinished: false, tokenCount: 0 };
      answer.accept(byte);
    }
    answer.writeMask(mask);
    const text = decode([...written, Uint8Array.from(rest ?? [])]);
    return { text, isFinished: listIds(mask).includes(endId), tokenCount: written.length };
  }

  /** `beginning` and a shortest way on to an end; undefined where no end can be reached from it. */
  complete(spec: GrammarSpec, beginning: Uint8Array): string | undefined {
    const { grammar, automaton } = this.#read(spec);
    const at = grammar.advance(grammar.start(), beginning);
    const rest = at && findShortestEnd(grammar, automaton, at);
    return rest && decode([beginning, Uint8Array.from(rest)]);
  }

  #read(spec: GrammarSpec): ReadGrammar {
    let read = this.#known.get(spec);
    if (!read) {
      const automaton = createAutomaton(toExpression(spec));
      read = { automaton, grammar: new LazyGrammar(automaton, this.#tree, this.#masks) };
      this.#known.set(spec, read);
    }
    return read;
  }

  #openIn(grammar: LazyGrammar): AnswerInGrammar {
    const { table, endId } = this.vocabulary;
    return new AnswerInGrammar(grammar, table, [endId]);
  }

  #newMask(): Int32Array {
    return new Int32Array(Math.ceil(this.vocabulary.tokens.length / 32));
  }
}

/** The bytes of one of the shortest ways to an end; undefined when the shortest way does not get shorter as it is gone. */
function findShortestEnd(
  grammar: LazyGrammar,
  automaton: Automaton,
  from: Configuration,
): number[] | undefined {
  const distances = listDistances(automaton);
  const rest = ({ canEnd, states, stacks }: Configuration): number => {
    const ways = states.map((state, index) => {
      let sum = distances[state] ?? Number.POSITIVE_INFINITY;
      for (let at = stacks[index]; at?.parent; at = at.parent) sum += distances[at.state] ?? 0;
      return sum;
    });
    return canEnd ? 0 : Math.min(...ways);
  };
  const bytes: number[] = [];
  let at = from;
  while (!at.canEnd) {
    const left = rest(at);
    const step = Array.from({ length: 256 }, (_, byte) => byte)
      .map((byte) => ({ byte, next: grammar.advance(at, Uint8Array.of(byte)) }))
      .find(({ next }) => next && rest(next) < left);
    if (!step?.next) return undefined;
    bytes.push(step.byte);
    at = step.next;
  }
  return bytes;
}

/** For each state the fewest bytes to the end of its rule. */
function listDistances({ states }: Automaton): number[] {
  const distances = states.map((_, state) => (state === FINAL ? 0 : Number.POSITIVE_INFINITY));
  const distanceOf = (state: number | undefined) => distances[state ?? 0] ?? 0;
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const [index, { edges, jumps, calls }] of states.entries()) {
      let best = distanceOf(index);
      for (let at = 2; at < edges.length; at += 3) best = Math.min(best, 1 + distanceOf(edges[at]));
      for (const jump of jumps) best = Math.min(best, distanceOf(jump));
      for (let at = 0; at < calls.length; at += 2) {
        best = Math.min(best, distanceOf(calls[at]) + distanceOf(calls[at + 1]));
      }
      if (best >= distanceOf(index)) continue;
      distances[index] = best;
      hasChanged = true;
    }
  }
  return distances;
}

function decode(parts: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
}
