import { cookieSecret } from "@/lib/auth/cookie-secret";
import { database } from "@/lib/db/client";
import type { CreateProviderKeyBody, UpdateProviderKeyBody } from "@/lib/protocol/provider-key";
import type { ExternalModelBody, ProvidersView } from "@/lib/protocol/providers-view";
import { providers } from "./providers";
import {
  changeExternalModel,
  changeProviderKey,
  createExternalModel,
  createProviderKey,
  deleteExternalModel,
  deleteProviderKey,
  enableExternalModel,
  readProviders,
} from "./store";
import { toProvidersView } from "./to-view";

/** What keepers do with external models of this process's database; its own copy knows of it before they hear. */

/** @param offered names of the models that a worker offers now */
export async function readProvidersView(offered: ReadonlySet<string>): Promise<ProvidersView> {
  // From the database: what a worker told of a moment ago is to be seen.
  return toProvidersView(await readProviders(database()), { secret: cookieSecret(), offered });
}

/** @throws AppError `conflict` */
export async function addProviderKey(body: CreateProviderKeyBody): Promise<void> {
  await known(createProviderKey(database(), body, cookieSecret()));
}

/** @throws AppError `not-found`, `conflict`, `invalid-request` */
export async function editProviderKey(id: string, changes: UpdateProviderKeyBody): Promise<void> {
  await known(changeProviderKey(database(), id, { changes, secret: cookieSecret() }));
}

/** @throws AppError `not-found`, `conflict` */
export async function removeProviderKey(id: string): Promise<void> {
  await known(deleteProviderKey(database(), id));
}

/** @throws AppError `conflict`, `invalid-request` */
export async function addExternalModel(body: ExternalModelBody): Promise<void> {
  await known(createExternalModel(database(), body));
}

/** @throws AppError `not-found`, `conflict`, `invalid-request` */
export async function editExternalModel(id: string, body: ExternalModelBody): Promise<void> {
  await known(changeExternalModel(database(), id, body));
}

/** @throws AppError `not-found` */
export async function switchExternalModel(id: string, isEnabled: boolean): Promise<void> {
  await known(enableExternalModel(database(), id, isEnabled));
}

/** @throws AppError `not-found` */
export async function removeExternalModel(id: string): Promise<void> {
  await known(deleteExternalModel(database(), id));
}

async function known(change: Promise<unknown>): Promise<void> {
  await change;
  // It is written, whatever becomes of the copy.
  await providers()
    .refresh()
    .catch(() => undefined);
}
