import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { ModelAlias } from "@/lib/protocol/catalog";
import type { ModelSettingsBody } from "@/lib/protocol/catalog-view";
import { AUTO_MODEL } from "@/lib/protocol/routing";
import { readCatalog } from "./catalog";
import { checkAlias } from "./check-alias";
import { deleteAlias, deleteModelSettings, writeAlias, writeModelSettings } from "./store";

/** What operators change: by the admin page or the terminal, by the same rules. */

/** @throws AppError `invalid-request`, naming the field. */
export async function setModel(
  settings: ModelSettingsBody,
  db: Database = database(),
): Promise<void> {
  const { model, price, fallbacks, dispatch } = settings;
  for (const [index, fallback] of fallbacks.entries()) {
    const param = `fallbacks.${index}`;
    if (fallback === model) throw wrong(param, "A model cannot stand in for itself; remove it.");
    if (fallback === AUTO_MODEL) throw wrong(param, "Name the model that stands in, not `auto`.");
    if (fallbacks.indexOf(fallback) !== index) throw wrong(param, "It is named twice; remove one.");
  }
  const said = { price: price ?? undefined, dispatch: dispatch ?? undefined };
  await writeModelSettings(db, { ...settings, ...said });
}

/** @throws AppError `not-found` */
export async function unsetModel(model: string, db: Database = database()): Promise<void> {
  if (await deleteModelSettings(db, model)) return;
  throw new AppError("not-found", { message: `Nothing is set for the model \`${model}\`.` });
}

/** Writes an alias anew; a target that was rolled back comes in again. @throws AppError `invalid-request` */
export async function setAlias(alias: ModelAlias, db: Database = database()): Promise<void> {
  const { aliases } = await readCatalog(db);
  checkAlias(alias, aliases);
  await writeAlias(db, alias);
}

/** @throws AppError `not-found` */
export async function removeAlias(name: string, db: Database = database()): Promise<void> {
  if (await deleteAlias(db, name)) return;
  throw new AppError("not-found", { message: `There is no alias \`${name}\`.` });
}

function wrong(param: string, message: string): AppError {
  return new AppError("invalid-request", { message, param });
}
