import { type Env, env } from "@/lib/env";
import { paths } from "@/lib/paths";
import { assert } from "@/lib/util/assert";

/** Where this Parley is a worker, and how it is called there. */
export type RelaySettings = {
  /** Of the Parley above. */
  parentUrl: string;
  secret: string;
  /** Base URL of the worker that this Parley is. */
  address: string;
};

/** Undefined for a Parley that stands alone. */
export function readRelaySettings(settings: Env = env()): RelaySettings | undefined {
  const { PARLEY_PARENT_URL: parentUrl, PARLEY_PARENT_SECRET: secret } = settings;
  const address = settings.PARLEY_PARENT_ADDRESS ?? settings.PARLEY_PUBLIC_URL;
  if (parentUrl === undefined) return undefined;
  assert(secret !== undefined && address !== undefined, "env.ts wants all three or none");
  return { parentUrl, secret, address: address.replace(/\/+$/, "") + paths.api.relay };
}
