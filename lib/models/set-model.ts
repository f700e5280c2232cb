import { setModel as setSettings } from "@/lib/catalog/edit-catalog";
import { writeNamedUse } from "@/lib/catalog/store";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { ModelBody } from "@/lib/protocol/catalog-view";
import type { Visibility } from "@/lib/protocol/visibility";
import { setDrawRule } from "@/lib/rules/set-draw-rule";

/**
 * What an operator says of a model: by the admin page or the terminal, in one transaction. Each fact goes to its one
 * place: whether battles draw it to the rules of the arena, with their history, their public log and the model's
 * ledger; everything else to the model's settings.
 *
 * @throws AppError `invalid-request`, naming the field.
 */
export async function setModel(
  { visibility, ...settings }: ModelBody,
  db: Database = database(),
): Promise<void> {
  await db.transaction(async (transaction) => {
    await setSettings(settings, transaction);
    if (visibility) await writeVisibility(transaction, settings.model, visibility);
  });
}

/** The same of its visibility alone. @throws AppError `invalid-request` */
export async function setVisibility(
  { model, visibility }: { model: string; visibility: Visibility },
  db: Database = database(),
): Promise<void> {
  await db.transaction((transaction) => writeVisibility(transaction, model, visibility));
}

async function writeVisibility(
  transaction: Database,
  model: string,
  { arena, direct, api, isAnonymousOnly }: Visibility,
): Promise<void> {
  if (isAnonymousOnly && (direct || api)) {
    throw new AppError("invalid-request", {
      message:
        "What battles alone have cannot be asked for by its name. Leave `direct` and `api` out, or `isAnonymousOnly`.",
      param: direct ? "visibility.direct" : "visibility.api",
    });
  }
  await setDrawRule(transaction, { model, arena, isAnonymousOnly });
  // What is hidden keeps what was said of its name, for when it has one again.
  if (!isAnonymousOnly) {
    await writeNamedUse(transaction, { model, isDirect: direct, isApi: api });
  }
}
