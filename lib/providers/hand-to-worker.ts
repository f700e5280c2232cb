import { cookieSecret } from "@/lib/auth/cookie-secret";
import { mayReadProviderKeys } from "@/lib/auth/worker-token-store";
import { database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { ToldProblems } from "@/lib/protocol/external-models";
import { type Handed, handModels } from "./hand-models";
import { providers } from "./providers";
import { writeProblems } from "./store";

/** By what a worker was let in: a token, or (null) the secret that all share. */
type Bearer = { tokenId: string | null };

/**
 * External models and their keys, for a worker.
 *
 * @throws AppError `forbidden` for a token that was not made for it: whoever was given one to lend a machine
 * must not be able to read everybody's keys.
 */
export async function handToWorker(worker: Bearer, isPrivate: boolean): Promise<Handed> {
  await expectRight(worker);
  return handModels(await providers().get(), { secret: cookieSecret(), isPrivate });
}

/** @throws AppError `forbidden` as above. */
export async function hearProblems(worker: Bearer, { problems }: ToldProblems): Promise<void> {
  await expectRight(worker);
  await writeProblems(database(), problems);
}

async function expectRight({ tokenId }: Bearer): Promise<void> {
  if (tokenId === null || (await mayReadProviderKeys(database(), tokenId))) return;
  throw new AppError("forbidden", {
    message:
      "This worker's token hands out no external models, since keys of providers come with them. Make one with `npx parley workers token create <name> --provider-keys`, use the shared secret, or name a file with --config.",
  });
}
