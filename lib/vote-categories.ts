/** Categories of votes beside the languages, in the order in which pages list them. */
export const CATEGORIES = [
  ...(["overall", "hard", "coding", "math", "creative", "instruction-following"] as const),
  ...(["multi-turn", "longer-query", "no-refusal"] as const),
] as const;
export type Category = (typeof CATEGORIES)[number];

/** Those that a model may read from a prompt; where it did, its word stands in place of the rules. */
export const LABELLED_CATEGORIES = [
  ...(["hard", "coding", "math", "creative", "instruction-following"] as const),
] as const satisfies readonly Category[];

/** Stands in place of labels where a model was asked and not understood: the rules go on holding, and nobody asks again. */
export const UNREADABLE_LABEL = "unreadable";

/** By which signs of a prompt it is told how hard it is, after the seven criteria of Arena-Hard (arXiv 2406.11939). */
export const HARD_SIGNALS = [
  ...(["specific", "domain", "complex", "problem", "creative", "technical", "practical"] as const),
] as const;
export type HardSignal = (typeof HARD_SIGNALS)[number];

/** A prompt of so many tokens is a long one: the threshold of the public arenas. */
export const LONG_PROMPT_TOKENS_MIN = 500;
/** Characters of a token where only those are known: English prose has 4.0 to 4.5 of them. */
export const CHARACTERS_A_TOKEN = 4;
/** Signs out of seven. Words show less than a reader sees: labels ask for six. */
export const HARD_SIGNALS_MIN = 4;
