import type { Command } from "commander";
import type { Database } from "@/lib/db/client";
import {
  type BoardContext,
  decideReview,
  setExcluded,
  setModelWithdrawn,
} from "@/lib/integrity/change-board";
import { readPublicLog } from "@/lib/integrity/read-public-log";
import { listReviews } from "@/lib/integrity/read-reviews";
import { Leaderboard } from "@/lib/leaderboard/leaderboard";
import { type BoardChange, type ReviewView, reviewQuerySchema } from "@/lib/protocol/review-view";
import { withDatabase } from "../open-database";
import { parseFlags } from "../parse-flags";
import type { Terminal } from "../terminal";

/** What waits for the operator's eyes, and what they decide about votes. */
export function addReviewsCommand(program: Command, terminal: Terminal): void {
  const reviews = program
    .command("reviews")
    .description("Votes, questions and answers to look at.");
  reviews
    .command("list")
    .description("Reviews, the newest first, with excluded visitors and withdrawn models.")
    .option("--state <state>", "open, dismissed or upheld", "open")
    .option("--json", "one JSON object")
    .action(async ({ state, json }: { state: string; json?: true }) => {
      const query = parseFlags(reviewQuerySchema, { state });
      const list = await withDatabase(terminal.root, (db) => listReviews(query, db));
      if (json) return terminal.write(`${JSON.stringify(list)}\n`);
      terminal.write(
        list.reviews.length === 0 ? "No review.\n" : list.reviews.map(toLines).join(""),
      );
      for (const { voter } of list.excluded) terminal.write(`Excluded: ${voter}\n`);
      for (const model of list.withdrawn) terminal.write(`Withdrawn: ${model}\n`);
    });
  reviews
    .command("log")
    .description("The public log: what was done to the board.")
    .option("--json", "one JSON object")
    .action(async ({ json }: { json?: true }) => {
      const { entries } = await withDatabase(terminal.root, (db) => readPublicLog({}, db));
      if (json) return terminal.write(`${JSON.stringify({ entries })}\n`);
      for (const it of entries) terminal.write(`${it.createdAt}  ${it.message}\n`);
    });
  const decision = (
    words: string,
    description: string,
    decide: (context: BoardContext, about: string) => Promise<BoardChange>,
  ) =>
    reviews
      .command(words)
      .description(description)
      .action(async (about: string) => {
        const change = (db: Database) => decide({ db, board: new Leaderboard({ db }) }, about);
        const { ballots } = await withDatabase(terminal.root, change);
        terminal.write(`Done. Votes that this concerns: ${ballots}.\n`);
      });
  decision("dismiss <id>", "Close a review that found nothing.", (context, id) =>
    decideReview(context, id, "dismissed"),
  );
  decision("uphold <id>", "Close a review that was right.", (context, id) =>
    decideReview(context, id, "upheld"),
  );
  decision("exclude <voter>", "Take all votes of a visitor off the board.", (context, voter) =>
    setExcluded(context, voter, true),
  );
  decision("restore <voter>", "Undo that.", (context, voter) => setExcluded(context, voter, false));
  decision("withdraw <model>", "Take a model off the board and out of battles.", (context, model) =>
    setModelWithdrawn(context, model, true),
  );
  decision("reinstate <model>", "Undo that.", (context, model) =>
    setModelWithdrawn(context, model, false),
  );
}

function toLines({ id, kind, createdAt, visitor, anomaly, facts }: ReviewView): string {
  const about = anomaly
    ? `${anomaly.model === null ? "favourites" : anomaly.model} voted ${anomaly.direction}, p = ${anomaly.pValue.toExponential(1)} over ${anomaly.votes} of ${anomaly.cast} votes`
    : facts
        .map(
          ({ name, value }) => `${name}: ${value.replaceAll(/[\s\p{Cc}]+/gu, " ").slice(0, 200)}`,
        )
        .join("; ");
  const who = visitor ? `visitor ${visitor.voter}` : "visitor gone";
  return `${createdAt}  ${kind}  ${id}\n  ${who}\n  ${about}\n`;
}
