import type { StyleFeature } from "./vote-columns";

/** What a computation gives. No number of it is ever NaN or infinite. */

/**
 * - `rated`: has a rating.
 * - `too-few-votes`: fewer than were asked for; its votes still count for its opponents.
 * - `unbeaten`: it, or the group around it, never lost or tied against the rated models.
 * - `winless`: the same the other way round.
 * - `unconnected`: no chain of wins and ties leads to or from the rated models.
 */
export type RatingStatus = "rated" | "too-few-votes" | "unbeaten" | "winless" | "unconnected";

type Tally = { model: string; votes: number; wins: number; losses: number; ties: number };
type Figures = {
  /** Points. */
  rating: number;
  /** 95 % interval. */
  lower: number;
  upper: number;
  /** One more than the models whose whole interval lies above this one's (arXiv 2403.04132, §5). */
  rank: number;
  /** The best and worst that the intervals allow: `rank`, and all but those whose whole interval lies below. */
  rankBest: number;
  rankWorst: number;
};
export type RatedEntry = Tally &
  (
    | ({ status: "rated" } & Figures)
    | ({ status: Exclude<RatingStatus, "rated"> } & Record<keyof Figures, null>)
  );

/** What one thing does to votes, in natural log-odds a standard deviation of it; of `position`, of standing first. */
export type RatedCoefficient = {
  name: StyleFeature | "position";
  value: number;
  lower: number;
  upper: number;
};

export type RatedBoard = {
  /** Best first, those without a rating last. */
  entries: RatedEntry[];
  coefficients: RatedCoefficient[];
  /** Votes that did not count since nobody counted the style of their answers; 0 without style control. */
  leftOut: number;
};
