import { and, eq, inArray, sql } from "drizzle-orm";
import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import { workerModels, workers } from "@/lib/db/schema/workers";
import { enterLedger } from "@/lib/ledger/enter-ledger";
import { returnOffered } from "@/lib/ledger/retirement";
import type { ModelOffer, WorkerKind } from "@/lib/protocol/worker-card";
import { readVersionedRules } from "@/lib/rules/edit-rules";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { isHiddenName } from "@/lib/rules/hidden-names";
import { hideOffered } from "@/lib/rules/hide-offered";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { AWAKE } from "./store";

/** SQL about what workers tell of their models, which is one description and one price for all who serve a model. */

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
  const told = (column: "description" | "price") => {
    const said = sql.raw(`excluded.${column}`);
    if (kept.length === 0) return said;
    return sql`case when ${inArray(models.name, kept)} then ${models[column]} else ${said} end`;
  };
  const before = await readPrices(db, offers);
  const rows = await db
    .insert(models)
    .values(
      // In the order of names, so that two registrations cannot hold each other's rows.
      offers
        .toSorted((one, other) => (one.name < other.name ? -1 : 1))
        .map(({ name, description, price = null }) => {
          return { id: createId(), name, description, price, lastOfferedAt: sql`now()` };
        }),
    )
    .onConflictDoUpdate({
      target: models.name,
      set: {
        ...{ description: told("description"), price: told("price") },
        ...{ updatedAt: sql`now()`, lastOfferedAt: sql`now()` },
      },
    })
    .returning({
      ...{ id: models.id, name: models.name, retiredAt: models.retiredAt },
      price: sql<string | null>`${models.price}::text`,
      // A row that this statement has made was deleted or locked by none before.
      isNew: sql<boolean>`xmax = 0`,
    });
  const isBack = rows.filter(({ retiredAt }) => retiredAt !== null);
  await returnOffered(
    db,
    isBack.map(({ id }) => id),
  );
  if (rows.some(({ name, price }) => price !== (before.get(name) ?? null))) {
    await announce(db, "catalog");
  }
  const added = rows.filter(({ isNew }) => isNew);
  await enterPrivate(db, added);
  await hide(db, offers, new Set(added.map(({ name }) => name)));
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

/**
 * What a worker offers to battles alone, and nobody has heard of before, is hidden with the very transaction that
 * makes it known. A model that was known without being hidden is public: no worker can take it from the boards, nor
 * undo what an operator has said since.
 */
async function hide(
  db: Database,
  offers: readonly ModelOffer[],
  added: ReadonlySet<string>,
): Promise<void> {
  const wished = offers.filter((it) => it.isAnonymousOnly === true).map(({ name }) => name);
  if (wished.length === 0) return;
  const hidden = await hideOffered(
    db,
    wished.filter((name) => added.has(name)),
  );
  for (const model of hidden) {
    log.info({ model }, "offered to battles alone: shown and served by name nowhere");
  }
  const known = wished.filter((name) => !hidden.includes(name));
  for (const model of await readNamed(db, known)) {
    log.warn(
      { model },
      "a worker offers it to battles alone, but it has been public before, or a rule says so: only an operator can hide it",
    );
  }
}

async function readNamed(db: Database, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const rows = await db
    .select({ name: models.name, isHidden: isHiddenName(models.name) })
    .from(models)
    .where(inArray(models.name, [...names]));
  return rows.filter(({ isHidden }) => !isHidden).map(({ name }) => name);
}

/** As text, which is equal for equal prices. */
async function readPrices(
  db: Database,
  offers: readonly ModelOffer[],
): Promise<ReadonlyMap<string, string | null>> {
  const names = offers.map(({ name }) => name);
  const rows = await db
    .select({ name: models.name, price: sql<string | null>`${models.price}::text` })
    .from(models)
    .where(inArray(models.name, names));
  return new Map(rows.map(({ name, price }) => [name, price]));
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
