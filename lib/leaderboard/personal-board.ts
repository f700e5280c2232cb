import { and, desc, eq, notInArray } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { PERSONAL_VOTES_MAX } from "@/lib/board-limits";
import { type Database, database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { OVERALL } from "@/lib/protocol/board-key";
import type { PersonalBoard } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import type { Outcome } from "@/lib/rating/outcome";
import { rate } from "@/lib/rating/rate";
import { OUTCOME_CODES, type VoteColumns } from "@/lib/rating/vote-columns";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import { toLiveOptions } from "./live-options";

const EMPTY: PersonalBoard = { votes: 0, counted: 0, isCut: false, rows: [] };

/**
 * A board from one visitor's own blind votes, those included that do not count on the public one: computed when it
 * is asked for, and kept nowhere. Votes on models whose names are not told are left out.
 *
 * @param visitorId undefined: a stranger, who has voted on nothing.
 */
export async function readPersonalBoard(
  visitorId: string | undefined,
  db: Database = database(),
): Promise<PersonalBoard> {
  if (visitorId === undefined) return EMPTY;
  const rules = await readRules(db);
  const found = await readOwnVotes(db, visitorId, [...toHiddenModels(rules)]);
  if (found.length === 0) return EMPTY;
  const votes = found.slice(0, PERSONAL_VOTES_MAX);
  const { entries } = rate(toColumns(votes), toLiveOptions(rules.ratings, OVERALL));
  return {
    votes: votes.length,
    counted: votes.filter(({ counted }) => counted).length,
    isCut: found.length > votes.length,
    rows: entries.map((entry) => {
      const { model, status, rating, lower, upper, rank, votes: count, wins, losses, ties } = entry;
      return {
        ...{ model, slug: toModelSlug(model), status, rating, lower, upper, rank },
        ...{ votes: count, wins, losses, ties },
      };
    }),
  };
}

type OwnVote = { modelA: string; modelB: string; outcome: Outcome; counted: boolean };

/** The newest, and one more than are used. */
async function readOwnVotes(
  db: Database,
  visitorId: string,
  hidden: readonly string[],
): Promise<OwnVote[]> {
  const [a, b] = [alias(models, "model_a"), alias(models, "model_b")];
  const isTold =
    hidden.length === 0
      ? undefined
      : and(notInArray(a.name, [...hidden]), notInArray(b.name, [...hidden]));
  return db
    .select({
      ...{ modelA: a.name, modelB: b.name },
      ...{ outcome: ballots.outcome, counted: ballots.counted },
    })
    .from(visitors)
    .innerJoin(ballots, eq(ballots.voter, visitors.voter))
    .innerJoin(a, eq(a.id, ballots.modelAId))
    .innerJoin(b, eq(b.id, ballots.modelBId))
    .where(and(eq(visitors.id, visitorId), isTold))
    .orderBy(desc(ballots.createdAt), desc(ballots.id))
    .limit(PERSONAL_VOTES_MAX + 1);
}

function toColumns(votes: readonly OwnVote[]): VoteColumns {
  const names = [...new Set(votes.flatMap(({ modelA, modelB }) => [modelA, modelB]))].sort();
  const placeOf = new Map(names.map((name, place) => [name, place]));
  // Every name of a vote is among the names.
  const places = (pick: (vote: OwnVote) => string) =>
    Uint16Array.from(votes, (vote) => placeOf.get(pick(vote)) ?? 0);
  return {
    ...{ count: votes.length, models: names },
    modelA: places(({ modelA }) => modelA),
    modelB: places(({ modelB }) => modelB),
    outcome: Uint8Array.from(votes, ({ outcome }) => OUTCOME_CODES.indexOf(outcome)),
  };
}
