/**
 * Two published estimators by name. Each is its reference's objective, minimised exactly:
 *
 * - `fastchat` (FastChat 0.2.36, `rating_systems.py`): every vote weighs the same, no penalty; with style
 *   control the features are (a − b) / (a + b + 1), standardised, under ½ · 0.5 · the squared norm of all
 *   parameters, strengths in base-10 units among them.
 * - `arena-rank` (lmarena/arena-rank 0.1.1): a pair with n votes weighs 1 / max(n, 50) a vote, so that pairs
 *   drawn often do not outweigh the others; with style control the features are (a − b) / (a + b),
 *   standardised, under a ridge of 1 on their coefficients alone. Its intervals are sandwich estimates.
 */
export const RATING_PRESETS = ["arena-rank", "fastchat"] as const;
export type RatingPreset = (typeof RATING_PRESETS)[number];

/** Bradley–Terry by maximum likelihood, or online Elo in the order of the votes. */
export const RATING_SYSTEMS = ["bt", "elo"] as const;
export type RatingSystem = (typeof RATING_SYSTEMS)[number];

/**
 * `sandwich`: from residuals alone, as the references have it. `few-votes`: where a pair has but a few votes partly
 * from the fitted odds, since residuals of three ties say that there is no doubt (docs/decisions/0042).
 */
export const INTERVAL_KINDS = ["sandwich", "few-votes"] as const;
export type IntervalKind = (typeof INTERVAL_KINDS)[number];

export type RatingOptions = {
  system: RatingSystem;
  preset: RatingPreset;
  /** Fits what length, headers, lists and bold do to votes along with the strengths, and takes it out. */
  styleControl: boolean;
  /** Fits what standing first does to votes, and takes it out. */
  position: boolean;
  /** Resamples for the intervals; 0: sandwich estimates, and for Elo, which has none, a hundred resamples. */
  bootstrap: number;
  /** Without resamples; absent: `few-votes`, as boards have it, also those from before there was a choice. */
  intervals?: IntervalKind | undefined;
  /** Of the resamples. */
  seed: number;
  /** One model's rating is fixed at this; absent: the mean of the rated models is 1000. */
  anchor?: { model: string; rating: number } | undefined;
  /** A model with fewer has no rating, though its votes count for its opponents. */
  votesMin: number;
};

/** What the live board and every command line begin with. */
export const RATING_DEFAULTS: RatingOptions = {
  ...({ system: "bt", preset: "arena-rank", styleControl: false, position: false } as const),
  ...{ bootstrap: 0, seed: 42, votesMin: 0 },
};
