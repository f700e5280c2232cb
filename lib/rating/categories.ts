import {
  CATEGORIES,
  type Category,
  CHARACTERS_A_TOKEN,
  HARD_SIGNALS_MIN,
  LABELLED_CATEGORIES,
  LONG_PROMPT_TOKENS_MIN,
  UNREADABLE_LABEL,
} from "@/lib/vote-categories";

/** What is known of a voted battle when its categories are told; the shape of `ballots.facts` of any version, and `{}`. */
export type VoteTraits = {
  /** Turns of the battle until the vote, the voted one included. */
  turn: number;
  /** Categories that a model read from the prompt; null: none was asked. */
  labels: readonly string[] | null;
  prompt?:
    | {
        characters: number;
        hasCode: boolean;
        hasMath: boolean;
        // Since version 2 of the facts.
        /** An estimate: prompts have no tokens of their own in a battle of two models. */
        tokens?: number | undefined;
        isCoding?: boolean | undefined;
        isMath?: boolean | undefined;
        isCreative?: boolean | undefined;
        isInstruction?: boolean | undefined;
        /** Bit i: HARD_SIGNALS[i]. */
        hardSignals?: number | undefined;
      }
    | undefined;
  a?: SideTraits | undefined;
  b?: SideTraits | undefined;
};
type SideTraits = { codeBlocks: number; isRefusal?: boolean | undefined };

/**
 * The categories of a vote, each by one rule that a page can tell in a sentence (docs/how-to/label-prompts.md).
 * What was not looked at when the vote was cast is in none of the categories that need it: a category holds
 * what is known to belong there.
 *
 * @returns a mask: bit i stands for CATEGORIES[i]. The first one, overall, is always set.
 */
export function toCategories(traits: VoteTraits): number {
  let mask = 0;
  CATEGORIES.forEach((category, index) => {
    if (isIn(category, traits)) mask |= 1 << index;
  });
  return mask;
}

function isIn(category: Category, traits: VoteTraits): boolean {
  const { labels } = traits;
  const isLabelled = labels !== null && !labels.includes(UNREADABLE_LABEL);
  if (isLabelled && (LABELLED_CATEGORIES as readonly string[]).includes(category)) {
    return labels.includes(category);
  }
  return RULES[category](traits);
}

const RULES: Record<Category, (traits: VoteTraits) => boolean> = {
  overall: () => true,
  hard: ({ prompt }) => bitsOf(prompt?.hardSignals ?? 0) >= HARD_SIGNALS_MIN,
  // Two models that both answer with code were asked for some, in whatever language.
  coding: ({ prompt, a, b }) =>
    prompt !== undefined &&
    (prompt.hasCode ||
      prompt.isCoding === true ||
      ((a?.codeBlocks ?? 0) > 0 && (b?.codeBlocks ?? 0) > 0)),
  // The mark of version 1 takes a date for a fraction, so it speaks only where the newer one is absent.
  math: ({ prompt }) => prompt?.isMath ?? prompt?.hasMath ?? false,
  creative: ({ prompt }) => prompt?.isCreative === true,
  "instruction-following": ({ prompt }) => prompt?.isInstruction === true,
  "multi-turn": ({ turn }) => turn >= 2,
  "longer-query": ({ prompt }) =>
    prompt !== undefined &&
    (prompt.tokens ?? prompt.characters / CHARACTERS_A_TOKEN) >= LONG_PROMPT_TOKENS_MIN,
  "no-refusal": ({ a, b }) => a?.isRefusal === false && b?.isRefusal === false,
};

function bitsOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

export function hasCategory(mask: number, category: Category): boolean {
  return (mask & (1 << CATEGORIES.indexOf(category))) !== 0;
}

/** In the order of CATEGORIES. */
export function categoryNames(mask: number): Category[] {
  return CATEGORIES.filter((category) => hasCategory(mask, category));
}

/** Of names as files hold them: one that is unknown here is left out, and overall is always there. */
export function toCategoryMask(names: readonly string[]): number {
  return CATEGORIES.reduce(
    (mask, category, index) => (names.includes(category) ? mask | (1 << index) : mask),
    1,
  );
}
