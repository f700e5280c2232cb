import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { RegisterBody } from "@/lib/protocol/registration";
import { assert } from "@/lib/util/assert";
import { closeOlderLives, replaceOffers, upsertModels, upsertWorker } from "./store";

/**
 * Writes a worker and what it offers. Asking twice for one instance is asking once; another instance at
 * the same address is the next life of that worker and ends the one before.
 *
 * @throws AppError `invalid-request`
 */
export async function registerWorker(db: Database, body: RegisterBody): Promise<string> {
  const address = parseAddress(body.address);
  const { models } = body.card;
  if (new Set(models.map((offer) => offer.name)).size < models.length) {
    throw new AppError("invalid-request", {
      message: "The card names a model twice; give each model a name of its own.",
      param: "card.models",
    });
  }
  return db.transaction(async (transaction) => {
    const workerId = await upsertWorker(transaction, { ...body, address });
    await closeOlderLives(transaction, address, workerId);
    const modelIds = await upsertModels(transaction, models);
    const rows = models.map(({ name, build, contextLength, features }) => {
      const modelId = modelIds.get(name);
      assert(modelId !== undefined, "an upserted model has an id");
      return { workerId, modelId, build, contextLength, features };
    });
    await replaceOffers(transaction, workerId, rows);
    return workerId;
  });
}

/** One spelling for one address, since lives are told apart by it. */
function parseAddress(address: string): string {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new AppError("invalid-request", {
      message: "The address must begin with http:// or https://.",
      param: "address",
    });
  }
  return url.href.replace(/\/+$/, "");
}
