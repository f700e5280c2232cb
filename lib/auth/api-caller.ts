import type { ApiScope, KeyLimits } from "@/lib/protocol/api-key";

/**
 * Who a request is charged to and who may see what it stores: a key, the one key of the environment, a
 * visitor of the pages, whoever calls an open API without a cookie, a mirrored request of our own, the labelling of prompts, or the
 * Parley at which this one is a worker.
 */
export type Owner =
  | `key:${string}`
  | `visitor:${string}`
  | "environment"
  | "anonymous"
  | "mirror"
  | "labels"
  | "trial"
  | "parent";

/** A key as requests are held against it. */
export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  scopes: readonly ApiScope[];
  /** Names of models and aliases; undefined for all. */
  models: readonly string[] | undefined;
  limits: KeyLimits;
  expiresAtMs: number | undefined;
};

/** Who calls the API. */
export type ApiCaller = { owner: Owner; key: ApiKey | undefined };

export const ENVIRONMENT_CALLER: ApiCaller = { owner: "environment", key: undefined };
export const ANONYMOUS_CALLER: ApiCaller = { owner: "anonymous", key: undefined };
export const MIRROR_CALLER: ApiCaller = { owner: "mirror", key: undefined };
/** Categories read from prompts by a model that the operator named. */
export const LABELS_CALLER: ApiCaller = { owner: "labels", key: undefined };
/** A keeper who tries an external model. */
export const TRIAL_CALLER: ApiCaller = { owner: "trial", key: undefined };
export const PARENT_CALLER: ApiCaller = { owner: "parent", key: undefined };

const keyCallers = new WeakMap<ApiKey, ApiCaller>();

/** One object a key, as it was read last: requests and what is written of them would each have one. */
export function keyCaller(key: ApiKey): ApiCaller {
  let caller = keyCallers.get(key);
  if (caller === undefined) {
    caller = { owner: `key:${key.id}`, key };
    keyCallers.set(key, caller);
  }
  return caller;
}

export function visitorCaller(visitorId: string): ApiCaller {
  return { owner: `visitor:${visitorId}`, key: undefined };
}
