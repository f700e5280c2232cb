import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import { workerModels, workers } from "@/lib/db/schema/workers";
import { enterLedger } from "@/lib/ledger/enter-ledger";
import { returnOffered } from "@/lib/ledger/retirement";
import type { ModelOffer, WorkerKind } from "@/lib/protocol/worker-card";
import { readVersionedRules } from "@/lib/rules/edit-rules";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { createId } from "@/lib/util/id";
import { AWAKE } from "./store";

/** SQL about what workers tell of their models, which is one description for all who serve a model. */

export type Teller = { kind: WorkerKind; tokenId: string | null };

/**
 * The models' ids by name. What the latest worker says of a model is what is known of it; but the holder of
 * a token has no say in a model that somebody else's worker serves, nor has FastChat's, which tells nothing.
 */
export async function upsertModels(
  db: Database,
  offers: readonly ModelOffer[],
  teller: Teller,
): Promise<Map<string, string>> {
  if (offers.length === 0) return new Map();
  const kept = await readKept(db, offers, teller);
  const description =
    kept.length === 0
      ? sql`excluded.description`
      : sql`case when ${inArray(models.name, kept)} then ${models.description} else excluded.description end`;
  const rows = await db
    .insert(models)
    .values(
      // In the order of names, so that two registrations cannot hold each other's rows.
      offers
        .toSorted((one, other) => (one.name < other.name ? -1 : 1))
        .map(({ name, description }) => {
          return { id: createId(), name, description, lastOfferedAt: sql`now()` };
        }),
    )
    .onConflictDoUpdate({
      target: models.name,
      set: { description, updatedAt: sql`now()`, lastOfferedAt: sql`now()` },
    })
    .returning({
      ...{ id: models.id, name: models.name, retiredAt: models.retiredAt },
      // A row that this statement has made was deleted or locked by none before.
      isNew: sql<boolean>`xmax = 0`,
    });
  const isBack = rows.filter(({ retiredAt }) => retiredAt !== null);
  await returnOffered(
    db,
    isBack.map(({ id }) => id),
  );
  await enterPrivate(
    db,
    rows.filter(({ isNew }) => isNew),
  );
  return new Map(rows.map(({ id, name }) => [name, id]));
}

/** A rule may hide a model before the first worker offers it. */
async function enterPrivate(
  db: Database,
  added: readonly { id: string; name: string }[],
): Promise<void> {
  if (added.length === 0) return;
  const hidden = toHiddenModels((await readVersionedRules(db)).settings);
  const modelIds = added.filter(({ name }) => hidden.has(name)).map(({ id }) => id);
  await enterLedger(db, { kind: "made-private", modelIds });
}

/** Names of the models whose description is not this worker's to replace. */
async function readKept(
  db: Database,
  offers: readonly ModelOffer[],
  { kind, tokenId }: Teller,
): Promise<string[]> {
  const names = offers.map(({ name }) => name);
  if (kind === "fastchat") return names;
  if (tokenId === null) return [];
  const rows = await db
    .selectDistinct({ name: models.name })
    .from(workerModels)
    .innerJoin(workers, eq(workers.id, workerModels.workerId))
    .innerJoin(models, eq(models.id, workerModels.modelId))
    .where(
      and(
        inArray(models.name, names),
        inArray(workers.state, AWAKE),
        sql`${workers.tokenId} is distinct from ${tokenId}`,
      ),
    );
  return rows.map(({ name }) => name);
}
