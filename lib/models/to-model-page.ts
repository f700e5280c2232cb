import * as z from "zod";
import type { ModelPage } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import type { readLedger, readVariants } from "./store";

/** What the database has of a model's page, as the page gets it. Pure. */

const ledgerFactsSchema = z.object({
  votes: z.number().int().nullable().catch(null).default(null),
  by: z.enum(["absence", "offer", "operator"]).nullable().catch(null).default(null),
  /** Of `imported`: the model was not known before. */
  registers: z.literal(1).optional().catch(undefined),
});

/** Of `2026-11-21`. */
const DAY_LENGTH = 10;

/**
 * A first battle stands there by its day (UTC), everything else by its moment. That a model became known by votes
 * that were moved in is said with its registration.
 */
export function toLedger(rows: Awaited<ReturnType<typeof readLedger>>): ModelPage["ledger"] {
  const entries = rows.map(({ facts, ...row }) => ({ ...row, ...ledgerFactsSchema.parse(facts) }));
  const isByImport = entries.some(({ registers }) => registers !== undefined);
  return entries.flatMap(({ kind, at, votes, by, registers }): ModelPage["ledger"] => {
    if (registers !== undefined) return [];
    const written = at.toISOString().slice(0, kind === "first-battle" ? DAY_LENGTH : undefined);
    return [{ kind, at: written, votes, by: kind === "registered" && isByImport ? "import" : by }];
  });
}

/** Private variants without names and to the day; of all of them the first battle is told by its day. */
export function toVariants(
  rows: Awaited<ReturnType<typeof readVariants>>,
  by: {
    isPrivate: (id: string) => boolean;
    isAwake: (id: string) => boolean;
    votes: ReadonlyMap<string, number>;
  },
): ModelPage["variants"] {
  return rows.map(({ id, name, ...moments }) => {
    const isPrivate = by.isPrivate(id);
    const tell = (moment: Date, isDay = isPrivate) =>
      moment.toISOString().slice(0, isDay ? DAY_LENGTH : undefined);
    const { registeredAt, firstBattleAt, withdrawnAt, retiredAt } = moments;
    return {
      ...(isPrivate ? { model: null, slug: null } : { model: name, slug: toModelSlug(name) }),
      ...{ registeredAt: tell(registeredAt), firstBattleAt: tell(firstBattleAt, true) },
      withdrawnAt: withdrawnAt && tell(withdrawnAt),
      retiredAt: retiredAt && tell(retiredAt),
      // Which worker is away at this moment tells of a private one what it is.
      isAwake: isPrivate ? null : by.isAwake(id),
      votes: by.votes.get(id) ?? 0,
    };
  });
}
