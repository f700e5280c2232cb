import type { ApiCaller, ApiKey } from "@/lib/auth/api-caller";
import { KeyRing } from "@/lib/auth/key-ring";
import type { Catalog } from "@/lib/catalog/catalog";
import type { KeyLimits, Limits } from "@/lib/protocol/api-key";
import type { Price } from "@/lib/protocol/catalog";
import { createId } from "@/lib/util/id";
import type { UsageLedger } from "./ledger";
import { Meter } from "./meter";

/** Callers, catalogs and requests for tests of limits. */

export function testCaller(limits: KeyLimits, id = createId()): ApiCaller {
  const key: ApiKey = {
    ...{ id, name: "test", prefix: "pk", scopes: ["generate"], models: undefined, limits },
    expiresAtMs: undefined,
  };
  return { owner: `key:${id}`, key };
}

/** A ring that holds the callers' keys, as changed. */
export function testRing(
  ...callers: readonly { caller: ApiCaller; limits?: KeyLimits; isRevoked?: boolean }[]
): KeyRing {
  return new KeyRing(
    callers.flatMap(({ caller: { key }, limits, isRevoked = false }) =>
      key === undefined
        ? []
        : [
            {
              ...{ id: key.id, hash: key.id, isRevoked },
              key: { ...key, limits: limits ?? key.limits },
            },
          ],
    ),
  );
}

export function testCatalog(
  models: Record<string, { limits?: Limits; price?: Price; told?: Price }> = {},
): Catalog {
  const told = Object.entries(models).flatMap(([model, { told: price }]) =>
    price === undefined ? [] : [[model, price] as const],
  );
  const settings = Object.entries(models).map(
    ([model, { limits = {}, price }]) =>
      [model, { model, defaults: {}, price, limits, fallbacks: [] }] as const,
  );
  return { told: new Map(told), settings: new Map(settings), aliases: new Map() };
}

/** A request that is admitted to a model. */
export function admitted(ledger: UsageLedger, caller: ApiCaller, model = "m"): Meter {
  const meter = openedMeter(ledger, caller, model);
  try {
    meter.admit(model);
  } catch (error) {
    meter.close("rate-limited");
    throw error;
  }
  meter.serve({ model, workerId: WORKER_ID });
  return meter;
}

export function openedMeter(ledger: UsageLedger, caller: ApiCaller, asked = "m"): Meter {
  const requestId = createId();
  return new Meter({ caller, endpoint: "/v1/chat/completions", asked, requestId }, ledger);
}

const WORKER_ID = createId();
