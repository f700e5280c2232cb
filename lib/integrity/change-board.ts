import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { leaderboard } from "@/lib/leaderboard/leaderboard";
import { enterLedger } from "@/lib/ledger/enter-ledger";
import type { BoardChange } from "@/lib/protocol/review-view";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import { isId } from "@/lib/util/id";
import {
  closeReview,
  isKnownModel,
  isKnownVoter,
  lockVoterUnderReview,
  recountBallots,
  setStanding,
  setWithdrawn,
  uncountBallots,
  upholdAnomalies,
  writePublicLog,
} from "./review-store";

/**
 * What keepers decide about votes. Each decision is one transaction: who is excluded, which ballots count, and the
 * line of the public log; then the board is computed anew and issued, before the keeper hears of it.
 */

export type BoardContext = {
  /** This process's database unless given. */
  db?: Database;
  /** This process's leaderboard unless given. */
  board?: { recompute(): Promise<void> };
};

/**
 * Takes all votes of a visitor out of the board, or puts those back that nothing else speaks against. Votes that
 * they cast in between count again as well: the decision was undone.
 *
 * @throws AppError `not-found`
 */
export async function setExcluded(
  context: BoardContext,
  voter: string,
  isExcluded: boolean,
): Promise<BoardChange> {
  return change(context, async (db, rules) => {
    if (!isId(voter) || !(await isKnownVoter(db, voter))) {
      throw new AppError("not-found", { message: "No visitor has voted under this id." });
    }
    // Waits for a vote of theirs that is just being written, so that it is seen below.
    const visitorId = await setStanding(db, voter, isExcluded ? "excluded" : "ok");
    if (isExcluded) {
      const ballots = await uncountBallots(db, { voter }, "excluded-visitor");
      if (visitorId !== undefined) await upholdAnomalies(db, visitorId);
      if (visitorId === undefined && ballots === 0) return 0;
      await writePublicLog(db, {
        ...{ kind: "visitor-excluded", ballots },
        message: `A visitor was excluded after a review. ${count(ballots, "vote")} of theirs no longer ${ballots === 1 ? "counts" : "count"}.`,
      });
      return ballots;
    }
    const ballots = await recountBallots(db, { voter }, "excluded-visitor", rules);
    if (visitorId === undefined && ballots === 0) return 0;
    await writePublicLog(db, {
      ...{ kind: "visitor-restored", ballots },
      message: `The exclusion of a visitor was undone. ${count(ballots, "vote")} of theirs ${ballots === 1 ? "counts" : "count"} again.`,
    });
    return ballots;
  });
}

/**
 * Takes a model off the board with all votes on it, and out of the draw, or brings it back.
 *
 * @throws AppError `not-found`
 */
export async function setModelWithdrawn(
  context: BoardContext,
  model: string,
  isWithdrawn: boolean,
): Promise<BoardChange> {
  return change(context, async (db, rules) => {
    if (!(await isKnownModel(db, model))) {
      throw new AppError("not-found", {
        message: `No model is called \`${model}\` here.`,
        param: "model",
      });
    }
    const modelId = await setWithdrawn(db, model, isWithdrawn);
    if (modelId === undefined) return 0;
    // Everybody reads the log, and a name that only keepers know stands nowhere else.
    const named = rules.hidden.has(model) ? "A model that is named nowhere" : `The model ${model}`;
    if (isWithdrawn) {
      await enterLedger(db, { kind: "withdrawn", modelIds: [modelId] });
      const ballots = await uncountBallots(db, { modelId }, "withdrawn-model");
      await writePublicLog(db, {
        ...{ kind: "model-withdrawn", ballots },
        message: `${named} was withdrawn. ${count(ballots, "vote")} on it no longer ${ballots === 1 ? "counts" : "count"}.`,
      });
      return ballots;
    }
    const ballots = await recountBallots(db, { modelId }, "withdrawn-model", rules);
    await enterLedger(db, { kind: "restored", modelIds: [modelId] });
    await writePublicLog(db, {
      ...{ kind: "model-restored", ballots },
      message: `${named} is back. ${count(ballots, "vote")} on it ${ballots === 1 ? "counts" : "count"} again.`,
    });
    return ballots;
  });
}

/**
 * Closes a review. A flag of the test of votes that is dismissed brings back the votes that were held for it; to
 * exclude its visitor is a decision of its own.
 *
 * @throws AppError `not-found`
 */
export async function decideReview(
  context: BoardContext,
  id: string,
  state: "dismissed" | "upheld",
): Promise<BoardChange> {
  return change(context, async (db, rules) => {
    // Before the review, in the order in which a visitor is deleted.
    const voter = isId(id) ? await lockVoterUnderReview(db, id) : undefined;
    const review = isId(id) ? await closeReview(db, id, state) : undefined;
    if (review === undefined) {
      throw new AppError("not-found", {
        message: "No open review has this id. It may have been decided already.",
      });
    }
    if (review.kind !== "anomaly" || state !== "dismissed" || voter === undefined) return 0;
    const ballots = await recountBallots(db, { voter }, "flagged-visitor", rules);
    if (ballots === 0) return 0;
    await writePublicLog(db, {
      ...{ kind: "visitor-restored", ballots },
      message: `A visitor's votes had been held for a review, which found nothing. ${count(ballots, "vote")} of theirs ${ballots === 1 ? "counts" : "count"} now.`,
    });
    return ballots;
  });
}

async function change(
  { db = database(), board = leaderboard() }: BoardContext,
  decide: (
    transaction: Database,
    rules: { holdsFlagged: boolean; hidden: ReadonlySet<string> },
  ) => Promise<number>,
): Promise<BoardChange> {
  const ballots = await db.transaction(async (transaction) => {
    // Those stored last, which need not have come to this process's copy.
    const settings = await readRules(transaction);
    return decide(transaction, { ...settings.integrity, hidden: toHiddenModels(settings) });
  });
  if (ballots > 0) await board.recompute();
  return { ballots };
}

const count = (many: number, noun: string) =>
  `${many.toLocaleString("en-US")} ${noun}${many === 1 ? "" : "s"}`;
