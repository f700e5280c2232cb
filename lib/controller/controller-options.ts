import type { ChangeFeed } from "@/lib/db/change-feed";
import type { Database } from "@/lib/db/client";
import type { HiddenModels } from "@/lib/rules/hidden-models";
import type { Random } from "@/lib/util/random";
import type { CallSecretOf } from "./call-secret";
import type { BreakerLimits } from "./circuit-breaker";
import type { ControllerConfig } from "./controller-config";
import type { KnownCatalog } from "./describe";
import type { PolicyOf } from "./model-policies";
import type { Probe } from "./probe";

/** Who calls for a worker: the holder of a token, or of the secret that all share (null). */
export type CalledBy = { tokenId: string | null };

export const BY_SHARED_SECRET: CalledBy = { tokenId: null };

export type ControllerOptions = {
  db: Database;
  /** Says when another process has changed the registry; without one it is only looked at now and then. */
  feed?: ChangeFeed;
  config?: Partial<ControllerConfig>;
  /** When a worker that fails is passed over. */
  breaker?: Partial<BreakerLimits>;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
  /** Asks a worker at its address whether it lives. */
  probe?: Probe;
  random?: Random;
  /** With what a worker is called. */
  callSecretOf?: CallSecretOf;
  /** By which rule a worker of a model is chosen; unless given, by the default of all. */
  policyOf?: PolicyOf;
  /** Models that are shown and served by name nowhere; unless given, none. */
  hidden?: HiddenModels;
  /** What operators said of models; unless given, nothing. */
  catalog?: CatalogReader;
};

export type CatalogReader = {
  get(): Promise<KnownCatalog>;
  /** As it was known last, at once. */
  readonly last: KnownCatalog | undefined;
};

export const NOTHING: KnownCatalog = { settings: new Map() };
export const NOTHING_SAID: CatalogReader = { get: async () => NOTHING, last: NOTHING };
