import { createHmac } from "node:crypto";
import { cookieSecret } from "@/lib/auth/cookie-secret";
import { purposeKey } from "@/lib/auth/signed-value";
import type { Database } from "@/lib/db/client";
import type { IntegrityRules } from "@/lib/protocol/arena-settings";
import {
  drawCheckpoints,
  findAnomaly,
  levelOf,
  type PairHistory,
  type VoteResult,
  type WatchedVote,
  WINDOW_VOTES,
} from "@/lib/rating/anomaly";
import { chiSquareQuantile } from "@/lib/rating/chi-square";
import { log } from "@/lib/telemetry/log";
import { seededRandom } from "@/lib/util/random";
import {
  findVoter,
  type OwnBallot,
  openAnomalyReview,
  type PairCount,
  readOthersCounts,
  readWindow,
} from "./voter-store";

/** Votes that may have come in after the one that is to be looked at, while its turn was awaited. */
const LATE_VOTES_MAX = 2;

/** What the review of a flag shows: `reviews.evidence` of kind `anomaly`. */
export type AnomalyEvidence = {
  version: 1;
  voter: string;
  /** Null: favourites. */
  model: string | null;
  direction: "up" | "down";
  /** The visitor's votes until then, and those of them that the figure is made of. */
  cast: number;
  votes: number;
  statistic: number;
  degrees: number;
  /** What the statistic reached or passed. */
  threshold: number;
  pValue: number;
  alpha: number;
};

/**
 * Looks at a visitor's votes where one of the random points of their hundred is reached (rating/anomaly.ts)
 * and opens a review of what it finds, at most one at a time.
 */
export async function checkVoter(
  db: Database,
  visitorId: string,
  rules: Pick<IntegrityRules, "anomalyAlpha">,
): Promise<void> {
  const found = await findVoter(db, visitorId);
  // Excluded, or waiting for an operator's eyes: nothing more is to be learnt.
  if (found === undefined || found.isExcluded || found.isFlagged || found.votes === 0) return;
  const { voter, votes: count } = found;
  const window = Math.floor((count - 1) / WINDOW_VOTES);
  const inWindow = count - window * WINDOW_VOTES;
  const points = drawCheckpoints(keyedRandom(`${voter}/${window}`));
  const point = points.findLast((it) => it <= inWindow);
  if (point === undefined || inWindow - point > LATE_VOTES_MAX) return;
  const ballots = await readWindow(db, { voter, skip: window * WINDOW_VOTES, count: point });
  // What an operator has looked at and dismissed is not held against the visitor again.
  const first = ballots[0]?.createdAt;
  if (first && found.dismissedAt && first <= found.dismissedAt) return;
  const counts = await readOthersCounts(db, voter, ballots);
  const level = levelOf(rules.anomalyAlpha, window);
  const suspicion = findAnomaly(toWatched(ballots, counts), level);
  if (suspicion === undefined) return;
  const { model, direction, votes, statistic, degrees, pValue } = suspicion;
  const name = ballots.flatMap((it) => [it.modelA, it.modelB]).find((it) => it.id === model)?.name;
  const evidence: AnomalyEvidence = {
    ...{ version: 1, voter, model: name ?? null, direction, cast: count, votes },
    ...{ statistic, degrees, pValue, alpha: rules.anomalyAlpha },
    threshold: chiSquareQuantile(suspicion.level, degrees),
  };
  if (await openAnomalyReview(db, visitorId, evidence)) {
    log.info({ visitorId, votes, pValue }, "votes of a visitor flagged for review");
  }
}

const RESULTS = { a: "won", b: "lost", tie: "tied", "both-bad": "tied" } as const;
const FLIPPED = { won: "lost", tied: "tied", lost: "won" } as const;

/** Each pair seen from the model with the smaller id, whichever side that took. */
function toWatched(ballots: readonly OwnBallot[], counts: readonly PairCount[]): WatchedVote[] {
  const histories = new Map<string, PairHistory>();
  const see = (modelA: string, modelB: string, outcome: PairCount["outcome"]) => {
    const isStraight = modelA < modelB;
    const [first, second] = isStraight ? [modelA, modelB] : [modelB, modelA];
    const fromA = RESULTS[outcome];
    const result: VoteResult = isStraight ? fromA : FLIPPED[fromA];
    const key = `${first}/${second}`;
    const history = histories.get(key) ?? { won: 0, tied: 0, lost: 0 };
    histories.set(key, history);
    return { first, second, result, history };
  };
  for (const { modelAId, modelBId, outcome, count } of counts) {
    const { history, result } = see(modelAId, modelBId, outcome);
    history[result] += count;
  }
  return ballots.map(({ id, modelA, modelB, outcome }) => {
    const seen = see(modelA.id, modelB.id, outcome);
    // The same each time that the vote is looked at; nobody outside can tell it.
    return { ...seen, uniform: keyedUniform(id) };
  });
}

function keyedRandom(about: string) {
  return seededRandom(keyedWord(about));
}

/** In (0, 1). */
function keyedUniform(about: string): number {
  return (keyedWord(about) + 0.5) / 2 ** 32;
}

function keyedWord(about: string): number {
  const key = purposeKey("checkpoints", cookieSecret());
  return createHmac("sha256", key).update(about).digest().readUInt32BE(0);
}
