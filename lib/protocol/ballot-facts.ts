import * as z from "zod";

/** Numbers about answers and marks of prompts, for style control and categories of ratings; never a word of them. */

const count = z.number().int().min(0);

export const sideFactsSchema = z.object({
  /** Of all answers of the side so far; null where a worker did not tell. */
  tokens: count.nullable(),
  characters: count,
  headers: count,
  lists: count,
  bold: count,
  codeBlocks: count,
  /** An answer of the side refuses. Since version 2. */
  isRefusal: z.boolean().optional(),
});

export const promptFactsSchema = z.object({
  /** Of all prompts so far, as the newest. */
  characters: count,
  /** A block of code, or a line that looks like one. */
  hasCode: z.boolean(),
  /** Something that looks like a formula; dates with slashes do as well. */
  hasMath: z.boolean(),
  // Since version 2 (lib/rating/prompt-marks.ts).
  /** An estimate. */
  tokens: count.optional(),
  isCoding: z.boolean().optional(),
  isMath: z.boolean().optional(),
  isCreative: z.boolean().optional(),
  isInstruction: z.boolean().optional(),
  /** Bit i: HARD_SIGNALS[i] of lib/vote-categories.ts. */
  hardSignals: count.optional(),
});

/** `ballots.facts`; a row of before the first version has none. */
export const ballotFactsSchema = z.object({
  version: z.union([z.literal(1), z.literal(2)]),
  a: sideFactsSchema,
  b: sideFactsSchema,
  prompt: promptFactsSchema,
});

export type SideFacts = z.infer<typeof sideFactsSchema>;
export type PromptFacts = z.infer<typeof promptFactsSchema>;
export type BallotFacts = z.infer<typeof ballotFactsSchema>;
