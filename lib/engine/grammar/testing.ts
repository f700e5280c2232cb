import type { Random } from "@/lib/util/random";
import { AnswerInGrammar } from "./answer-in-grammar";
import type { GrammarSpec } from "./grammar";
import { GrammarShelf } from "./grammar-shelf";
import { createVocabulary, type TokenTable } from "./vocabulary-trie";

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

export class GrammarWalker {
  readonly vocabulary: TestVocabulary;
  readonly #shelf: GrammarShelf;

  constructor(vocabulary: TestVocabulary) {
    this.vocabulary = vocabulary;
    this.#shelf = new GrammarShelf(createVocabulary(vocabulary.table));
  }

  open(spec: GrammarSpec): AnswerInGrammar {
    const { table, endId } = this.vocabulary;
    return new AnswerInGrammar(this.#shelf.get(JSON.stringify(spec)), table, [endId]);
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
   * Draws tokens until the answer ends; after `tokensMax` of them it takes what closes it soonest.
   * `endShare`: how often an end is taken where there may be one.
   */
  walk(spec: GrammarSpec, random: Random, limits: { tokensMax: number; endShare: number }): Walk {
    const { tokens, endId } = this.vocabulary;
    const answer = this.open(spec);
    const mask = this.#newMask();
    const written: Uint8Array[] = [];
    for (let count = 0; count < 40 * limits.tokensMax; count++) {
      const isComplete = answer.writeMask(mask);
      const ids = listIds(mask);
      const mayEnd = ids.includes(endId);
      const isClosing = count >= limits.tokensMax;
      if (isComplete || (mayEnd && (isClosing || random() < limits.endShare))) {
        return { text: decode(written), isFinished: true, tokenCount: count };
      }
      const drawn = ids.filter((id) => id !== endId);
      const id = isClosing
        ? pickCloser(drawn, tokens, random)
        : (drawn[Math.floor(random() * drawn.length)] ?? 0);
      written.push(tokens[id] ?? new Uint8Array(0));
      answer.accept(id);
    }
    return { text: decode(written), isFinished: false, tokenCount: 40 * limits.tokensMax };
  }

  #newMask(): Int32Array {
    return new Int32Array(Math.ceil(this.vocabulary.tokens.length / 32));
  }
}

/** In the order in which they lead to an end: brackets, then the quote, then what begins no further level. */
const CLOSERS = ["}", "]", '"', "0", "1", "n", "t", "f", ",", ":"];

function pickCloser(ids: readonly number[], tokens: readonly Uint8Array[], random: Random): number {
  for (const closer of CLOSERS) {
    const found = ids.find(
      (id) => tokens[id]?.length === 1 && tokens[id][0] === closer.charCodeAt(0),
    );
    // Now and then another, since in `[^}]*x` a bracket closes nothing.
    if (found !== undefined && random() < 0.9) return found;
  }
  return ids[Math.floor(random() * ids.length)] ?? 0;
}

function decode(parts: readonly Uint8Array[]): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
}
