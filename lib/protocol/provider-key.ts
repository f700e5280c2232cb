import * as z from "zod";
import type { Credentials } from "./model-entry";
import {
  CREDENTIAL_KEYS,
  credentialKeysOf,
  PROVIDER_NAMES,
  type ProviderName,
} from "./provider-table";

/** Keys of providers as keepers enter them; nothing here is ever sent back. */

/** Longer than any provider's; a session token of AWS has some 1,000 letters. */
const CREDENTIAL_CHARACTERS_MAX = 8_192;

const credential = z
  .string()
  .trim()
  .min(1, "is empty.")
  .max(CREDENTIAL_CHARACTERS_MAX)
  // What a header can carry; a line break or a word in front was copied along.
  .regex(
    /^[\x21-\x7e]+$/,
    "holds a space, a line break or a letter that no key has; copy it again.",
  );

const parts = z.strictObject({
  key: credential.optional(),
  accessKeyId: credential.optional(),
  secretAccessKey: credential.optional(),
  sessionToken: credential.optional(),
});

/** Undefined where they make a key of the provider. */
export function explainCredentials(
  provider: ProviderName,
  given: Credentials,
): { path: string[]; message: string } | undefined {
  const known = credentialKeysOf(provider);
  if (known.length === 0) {
    return {
      path: ["provider"],
      message: `${provider} has no keys: its models use the account of the machine that the worker runs on.`,
    };
  }
  const foreign = CREDENTIAL_KEYS.find((it) => given[it] !== undefined && !known.includes(it));
  if (foreign !== undefined) {
    return { path: ["credentials", foreign], message: `has no meaning with ${provider}.` };
  }
  const hasPair = given.accessKeyId !== undefined && given.secretAccessKey !== undefined;
  const hasHalf = given.accessKeyId !== undefined || given.secretAccessKey !== undefined;
  if (given.key !== undefined && (hasHalf || given.sessionToken !== undefined)) {
    const message = "stands beside a pair of access keys; give the one or the other.";
    return { path: ["credentials", "key"], message };
  }
  if (given.key !== undefined || hasPair) return undefined;
  const missing = given.accessKeyId === undefined ? "accessKeyId" : "secretAccessKey";
  if (hasHalf) return { path: ["credentials", missing], message: "is missing: both make a pair." };
  return { path: ["credentials", "key"], message: "is missing." };
}

const name = z
  .string()
  .trim()
  .min(1, "is empty.")
  .max(100)
  .regex(/^\P{C}*$/u, "holds a control character; remove it.");

export const createProviderKeyBodySchema = z
  .strictObject({ name, provider: z.enum(PROVIDER_NAMES), credentials: parts })
  .superRefine(({ provider, credentials }, context) => {
    const fault = explainCredentials(provider, credentials);
    if (fault) context.addIssue({ code: "custom", ...fault });
  });

/** What is absent stays as it is. That the credentials are the provider's is seen where that is known. */
export const updateProviderKeyBodySchema = z.strictObject({
  name: name.optional(),
  credentials: parts.optional(),
});

export type CreateProviderKeyBody = z.infer<typeof createProviderKeyBodySchema>;
export type UpdateProviderKeyBody = z.infer<typeof updateProviderKeyBodySchema>;
