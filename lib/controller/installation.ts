import { announce } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { RegisterBody } from "@/lib/protocol/registration";
import { assert } from "@/lib/util/assert";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { drawInstallation, endLife, findInstallation } from "./installation-store";
import type { RegisteredBy } from "./store";

/** The id of this Parley among others, read once a process. */
export async function installationId(db: Database = database()): Promise<string> {
  const known = processSingleton("installations", () => new WeakMap<Database, string>());
  const id = known.get(db) ?? (await readInstallationId(db));
  known.set(db, id);
  return id;
}

/** From the database; whoever asks first draws it, also of several who ask at once. */
export async function readInstallationId(db: Database): Promise<string> {
  const known = await findInstallation(db);
  if (known !== undefined) return known;
  await drawInstallation(db, createId());
  const drawn = await findInstallation(db);
  assert(drawn !== undefined, "an installation has an id once one was drawn");
  return drawn;
}

/**
 * A Parley that passes on our own models is no worker of ours: requests would go round in a ring. What it
 * was before it became one is ended.
 *
 * @throws AppError `conflict`
 */
export async function refuseRing(
  db: Database,
  body: RegisterBody,
  { tokenId }: Pick<RegisteredBy, "tokenId">,
): Promise<void> {
  const { parleys = [], name } = body.card;
  if (parleys.length === 0 || !parleys.includes(await installationId(db))) return;
  await endLife(db, { instanceId: body.instanceId, tokenId });
  await announce(db, "workers");
  throw new AppError("conflict", {
    message: `The Parley "${name}" passes on the models of this one, at which it would be a worker: requests would go round in a ring. Unset PARLEY_PARENT_URL at it, or at one of those between.`,
    param: "card.parleys",
  });
}
