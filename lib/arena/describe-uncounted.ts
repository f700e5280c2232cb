import type { UNCOUNTED_REASONS } from "@/lib/db/schema/ballots";

type Reason = (typeof UNCOUNTED_REASONS)[number];

const SENTENCES: Record<Reason, string> = {
  "nothing-to-read":
    "Your vote is kept and does not count: at least one of the answers holds no text to compare.",
  "too-early": "Your vote is kept and does not count: it came sooner than the answers can be read.",
  "identity-leak":
    "Your vote is kept and does not count: an answer told which model had written it.",
  "repeated-prompt":
    "Your vote is kept and does not count: this prompt has had all the votes that count for one.",
  "too-many": "Your vote is kept and does not count: you have cast many in a short time.",
  "flagged-visitor": "Your vote is kept and does not count until your earlier votes are reviewed.",
  "excluded-visitor": "Your vote is kept and does not count.",
  "withdrawn-model":
    "Your vote is kept and does not count: one of these models was taken off the board.",
};

/** What a visitor is told of a vote that does not count; null: it counts. */
export function describeUncounted(reason: Reason | null): string | null {
  return reason === null ? null : SENTENCES[reason];
}
