import type { ApiCaller } from "@/lib/auth/api-caller";
import { database } from "@/lib/db/client";
import { env } from "@/lib/env";
import { rules } from "@/lib/rules/rules";
import { checkLimits } from "./check-limits";

/**
 * What a request to the API without a key passes before a model is asked for it: visitors, and on an open API
 * everybody, are limited there as on the pages. A key has limits of its own, and programs of this machine, let
 * in while there is no key yet, are the operator's.
 *
 * @param network asked for only where a model is limited
 * @returns undefined for callers who pass none.
 */
export function visitorGate(
  { owner }: ApiCaller,
  network: () => string,
): ((model: string) => Promise<void>) | undefined {
  const isVisitor = owner.startsWith("visitor:");
  if (!isVisitor && !(owner === "anonymous" && env().PARLEY_API_OPEN)) return undefined;
  const visitorId = isVisitor ? owner.slice("visitor:".length) : undefined;
  return async (model) => {
    const known = rules().peek() ?? (await rules().get());
    const context = { db: database(), rules: known };
    await checkLimits(context, {
      ...{ visitorId, isBattle: false, models: [model] },
      get network() {
        return network();
      },
    });
  };
}
