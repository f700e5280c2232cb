import { announce } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { RegisterBody } from "@/lib/protocol/registration";
import { assert } from "@/lib/util/assert";
import { refuseRing } from "./installation";
import { upsertModels } from "./model-store";
import {
  closeOlderLives,
  lockAddress,
  lockLiveToken,
  type RegisteredBy,
  readGrownLife,
  readLivesAt,
  replaceOffers,
  upsertWorker,
  type WorkerOrder,
} from "./store";

export type Registered = { workerId: string; order: WorkerOrder | null };

const BY_SHARED_SECRET: RegisteredBy = { tokenId: null, beats: true };

/**
 * Writes a worker and what it offers. Asking twice for one instance is asking once; another instance at
 * the same address is the next life of that worker and ends the one before.
 *
 * @throws AppError `invalid-request`; `unauthenticated` for a token that was revoked meanwhile; `conflict` when a token asks for
 * another's instance or a Parley closes a ring; `unavailable` while a token, or FastChat's, asks for the address of another's worker.
 */
export async function registerWorker(
  db: Database,
  body: RegisterBody,
  by: RegisteredBy = BY_SHARED_SECRET,
): Promise<Registered> {
  const address = parseAddress(body.address);
  const { models } = body.card;
  if (new Set(models.map((offer) => offer.name)).size < models.length) {
    throw new AppError("invalid-request", {
      message: "The card names a model twice; give each model a name of its own.",
      param: "card.models",
    });
  }
  await refuseRing(db, body, by);
  return db.transaction(async (transaction) => {
    await lockAddress(transaction, address);
    if (by.tokenId !== null) await checkToken(transaction, by.tokenId);
    await checkAddress(transaction, { ...body, address }, by);
    // A registration that its worker gave up waiting for may come after the next one.
    const later = isBeginning(body)
      ? await readGrownLife(transaction, body.instanceId, by)
      : undefined;
    if (later !== undefined) return { workerId: later.id, order: later.order };
    const row = await upsertWorker(transaction, { ...body, address }, by);
    if (row === undefined) {
      throw new AppError("conflict", {
        message: "This instance was registered by another token; start the worker anew.",
        param: "instanceId",
      });
    }
    const { id: workerId, order } = row;
    await closeOlderLives(transaction, address, workerId);
    const modelIds = await upsertModels(transaction, models, { ...by, kind: body.card.kind });
    const rows = models.map(({ name, build, contextLength, features, ...rest }) => {
      const modelId = modelIds.get(name);
      assert(modelId !== undefined, "an upserted model has an id");
      const { fields = null, diskBytes = null, isLoading = false } = rest;
      const told = { contextLength, features, fields, diskBytes, isLoading };
      return { workerId, modelId, build, ...told };
    });
    await replaceOffers(transaction, workerId, rows);
    await announce(transaction, "workers");
    return { workerId, order };
  });
}

/** A worker loads once in a life; a Parley may have lost all its models, and look for new ones. */
function isBeginning({ load, card }: RegisterBody): boolean {
  return load.state === "starting" && card.kind !== "parley";
}

/** It was looked for in memory when it was brought. Revoked since, it would leave a worker behind that nobody ends. */
async function checkToken(db: Database, tokenId: string): Promise<void> {
  if (await lockLiveToken(db, tokenId)) return;
  throw new AppError("unauthenticated", {
    message: "The worker's token was revoked. Make another with `npx parley workers token create`.",
  });
}

/**
 * A token lets its workers in, and nobody else's out: it takes no address that another's worker has. No
 * more does FastChat's, whose own registration asks for whatever address it was told. One of FastChat's that
 * has not been asked yet has shown nothing, and stands in nobody's way.
 */
async function checkAddress(
  db: Database,
  { address, instanceId, card }: RegisterBody,
  { tokenId }: RegisteredBy,
): Promise<void> {
  if (tokenId === null && card.kind !== "fastchat") return;
  const others = await readLivesAt(db, address, instanceId);
  const isFree = others.every(({ kind, state, tokenId: its }) => {
    const isOwn = its === tokenId && (tokenId !== null || kind === "fastchat");
    return isOwn || (kind === "fastchat" && state === "starting");
  });
  if (isFree) return;
  // Not a conflict, which a worker gives up for: one that was killed a moment ago will soon be lost.
  throw new AppError("unavailable", {
    message:
      "A worker that registered by other means has this address. End it, or wait until it is lost.",
    param: "address",
  });
}

/**
 * One spelling for one address, since lives are told apart by it.
 *
 * @throws AppError `invalid-request`
 */
export function parseAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw refuseAddress("The address must begin with http:// or https://.");
  }
  if (url.username !== "" || url.password !== "") {
    throw refuseAddress(
      "The address may not hold a name and password; workers are called without.",
    );
  }
  if (/[?#]/.test(url.href)) {
    throw refuseAddress("The address must end before any `?` or `#`; a path is added to it.");
  }
  return url.href.replace(/\/+$/, "");
}

function refuseAddress(message: string): AppError {
  return new AppError("invalid-request", { message, param: "address" });
}
