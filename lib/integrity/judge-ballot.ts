import type { UNCOUNTED_REASONS } from "@/lib/db/schema/ballots";
import type { IntegrityRules } from "@/lib/protocol/arena-settings";

export type UncountedReason = (typeof UNCOUNTED_REASONS)[number];

/** What decides whether a blind vote counts. */
export type BallotCase = {
  isExcluded: boolean;
  /** An open flag of the test of votes. */
  isFlagged: boolean;
  /** One of both models was taken off the boards. */
  isWithdrawn: boolean;
  /** An answer of the battle named its model. */
  hasLeak: boolean;
  /** An answer, as it was shown, has not one visible character. */
  hasEmptyAnswer: boolean;
  /** Since both answers could be read whole. */
  readSeconds: number;
  /** Of both answers together. */
  characters: number;
  /** Beyond a limit of visitor or network. */
  isBeyondLimits: boolean;
};

/**
 * Whether a blind vote counts. The excluded visitor and the withdrawn model come last, so that undoing either
 * brings back exactly the votes that nothing else speaks against.
 *
 * @returns why not, or null.
 */
export function judgeBallot(
  it: BallotCase,
  rules: Pick<
    IntegrityRules,
    "readSecondsMin" | "readSecondsMax" | "readSecondsPerThousandCharacters" | "holdsFlagged"
  >,
): UncountedReason | null {
  if (it.hasLeak) return "identity-leak";
  // Without it who stops both sides at once could vote for nothing, as fast as the shortest reading time lets.
  if (it.hasEmptyAnswer) return "nothing-to-read";
  if (it.readSeconds < readSecondsNeeded(it.characters, rules)) return "too-early";
  if (it.isBeyondLimits) return "too-many";
  if (it.isWithdrawn) return "withdrawn-model";
  if (it.isExcluded) return "excluded-visitor";
  if (it.isFlagged && rules.holdsFlagged) return "flagged-visitor";
  return null;
}

function readSecondsNeeded(
  characters: number,
  rules: Pick<
    IntegrityRules,
    "readSecondsMin" | "readSecondsMax" | "readSecondsPerThousandCharacters"
  >,
): number {
  const { readSecondsMin, readSecondsMax, readSecondsPerThousandCharacters } = rules;
  const wanted = readSecondsMin + (readSecondsPerThousandCharacters * characters) / 1_000;
  return Math.min(wanted, Math.max(readSecondsMin, readSecondsMax));
}
