import { GRAMMAR_STATES_KEPT_MAX, GRAMMARS_KEPT_MAX } from "@/lib/limits";
import { type Automaton, createAutomaton } from "./automaton";
import type { GrammarSpec } from "./grammar";
import { LazyGrammar, MaskStore } from "./lazy-grammar";
import { readWithinLimits } from "./reading-limits";
import { refuse } from "./refusal";
import { toExpression } from "./spec-to-expression";
import type { Vocabulary } from "./vocabulary-trie";

/** Grammars by what they were asked for as, the one used last at the end. Answers keep theirs though it is dropped here. */
export class GrammarShelf {
  readonly #vocabulary: Vocabulary;
  readonly #masks = new MaskStore();
  readonly #kept = new Map<string, { grammar: LazyGrammar; stateCount: number }>();
  #stateCount = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** @throws AppError when it is no grammar that can be kept to. */
  get(spec: string): LazyGrammar {
    const known = this.#kept.get(spec);
    if (known) {
      this.#kept.delete(spec);
      this.#kept.set(spec, known);
      return known.grammar;
    }
    const automaton = readAutomaton(spec);
    const grammar = new LazyGrammar(automaton, this.#vocabulary, this.#masks);
    this.#kept.set(spec, { grammar, stateCount: automaton.states.length });
    this.#stateCount += automaton.states.length;
    this.#dropOldest();
    return grammar;
  }

  #dropOldest(): void {
    for (const [spec, { stateCount }] of this.#kept) {
      const isFull =
        this.#kept.size > GRAMMARS_KEPT_MAX || this.#stateCount > GRAMMAR_STATES_KEPT_MAX;
      if (!isFull || this.#kept.size === 1) return;
      this.#kept.delete(spec);
      this.#stateCount -= stateCount;
    }
  }
}

function readAutomaton(spec: string): Automaton {
  try {
    // The engine's side wrote it from a value of this type.
    const read = JSON.parse(spec) as GrammarSpec;
    return readWithinLimits(() => createAutomaton(toExpression(read)));
  } catch (error) {
    // What is deep in a way that no other limit counts, as a name of 100,000 characters.
    if (error instanceof RangeError) throw refuse("The grammar is too large to be read.", error);
    throw error;
  }
}
