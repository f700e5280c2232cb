import * as z from "zod";
import { catalog } from "@/lib/catalog/catalog";
import { priceOf } from "@/lib/catalog/price-of";
import { readStandings } from "@/lib/leaderboard/read-standings";
import {
  type ModelCard,
  modelStandingSchema,
  type PairReveal,
} from "@/lib/protocol/conversation-view";
import { readDescription } from "@/lib/protocol/operator-card";
import { assert } from "@/lib/util/assert";
import type { Arena } from "./arena";
import { findBallot, type PairModel, readPairTally } from "./battle-store";
import { describeUncounted } from "./describe-uncounted";
import type { LoadedConversation } from "./load-conversation";
import { readDescriptions } from "./store";

/** Where both models of a pair stood before a vote. */
export const pairStandingsSchema = z.object({
  a: modelStandingSchema.nullable(),
  b: modelStandingSchema.nullable(),
});

/** Who was who in a battle that its blind vote has opened. */
export async function readReveal(
  { db }: Arena,
  { pair, votes }: Pick<LoadedConversation, "pair" | "votes">,
): Promise<PairReveal> {
  const vote = votes.find(({ blind }) => blind);
  assert(pair !== null && vote !== undefined, "a revealed battle has its pair and its blind vote");
  const { a, b } = pair;
  const ids = [a.id, b.id];
  const [now, tally, ballot, descriptions, known] = await Promise.all([
    readStandings(db, ids),
    readPairTally(db, a.id, b.id),
    findBallot(db, vote.id),
    readDescriptions(db, ids),
    catalog().get(),
  ]);
  // What another version stored, and votes of before, have none.
  const before = pairStandingsSchema.catch({ a: null, b: null }).parse(vote.standings);
  const toCard = ({ id, name }: PairModel, side: "a" | "b"): ModelCard => {
    const said = readDescription(descriptions.get(id), known.settings.get(name)?.card);
    return {
      model: name,
      organisation: said.organization ?? null,
      licence: said.licence ?? null,
      parameters: said.parameters ?? null,
      price: priceOf(known, name) ?? null,
      ...{ before: before[side], now: now.get(id) ?? null },
    };
  };
  const uncounted = describeUncounted(ballot?.reason ?? null);
  return { a: toCard(a, "a"), b: toCard(b, "b"), pair: tally, uncounted };
}
