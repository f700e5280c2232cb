import * as z from "zod";
import type { KnownModel } from "@/lib/leaderboard/model-facts";
import type { PairOfModel } from "@/lib/leaderboard/read-pairs";
import type { ModelPage } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import type { readLedger, readVariants } from "./store";

/** What the database has of a model's page, as the page gets it. Pure. */

const ledgerFactsSchema = z.object({
  votes: z.number().int().nullable().catch(null).default(null),
  by: z.enum(["absence", "offer", "operator"]).nullable().catch(null).default(null),
});

/** Those it has met, the most votes first. */
export function toOpponents(
  pairs: readonly PairOfModel[],
  known: ReadonlyMap<string, KnownModel>,
): ModelPage["opponents"] {
  return pairs
    .flatMap(({ modelId, won, tied, lost, expected }) => {
      const votes = won + tied + lost;
      const opponent = known.get(modelId);
      // A model that was hidden since the board was computed.
      if (votes === 0 || opponent === undefined || opponent.isHidden) return [];
      const { model, slug } = opponent;
      return [{ model, slug, votes, wins: won, losses: lost, ties: tied, expected }];
    })
    .sort((one, other) => other.votes - one.votes);
}

export function toLedger(rows: Awaited<ReturnType<typeof readLedger>>): ModelPage["ledger"] {
  return rows.map(({ kind, facts, at }) => {
    const { votes, by } = ledgerFactsSchema.parse(facts);
    return { kind, at: at.toISOString(), votes, by };
  });
}

/**
 * Private variants without names, to the day, and none before the day after its first battle: whoever fights at
 * this moment would know whom they may be looking at.
 */
export function toVariants(
  rows: Awaited<ReturnType<typeof readVariants>>,
  by: { isPrivate: (id: string) => boolean; votes: ReadonlyMap<string, number> },
): ModelPage["variants"] {
  return rows.flatMap(({ id, name, isBeforeToday, ...moments }) => {
    const isPrivate = by.isPrivate(id);
    if (isPrivate && !isBeforeToday) return [];
    const tell = (moment: Date) => moment.toISOString().slice(0, isPrivate ? 10 : undefined);
    const { registeredAt, firstBattleAt, withdrawnAt, retiredAt } = moments;
    return [
      {
        ...(isPrivate ? { model: null, slug: null } : { model: name, slug: toModelSlug(name) }),
        ...{ registeredAt: tell(registeredAt), firstBattleAt: tell(firstBattleAt) },
        withdrawnAt: withdrawnAt && tell(withdrawnAt),
        retiredAt: retiredAt && tell(retiredAt),
        votes: by.votes.get(id) ?? 0,
      },
    ];
  });
}
