import { catalog } from "@/lib/catalog/catalog";
import { env } from "@/lib/env";
import { DISPATCH_POLICY_DEFAULT, type DispatchPolicy } from "@/lib/protocol/dispatch";

/** By which rule a worker of the model is chosen. */
export type PolicyOf = (model: string) => DispatchPolicy;

/** For a controller that is told nothing of models. */
export const defaultPolicy: PolicyOf = () => DISPATCH_POLICY_DEFAULT;

/** As keepers set it for the model, else as it is set for this installation. Nobody waits for it: what was read last will do. */
export const policyInCatalog: PolicyOf = (model) => {
  const copy = catalog();
  const known = copy.peek();
  // Read for those who come after; whatever fails is told by whoever cannot do without.
  if (known === undefined) void copy.get().catch(() => undefined);
  const { settings } = known ?? copy.last ?? {};
  return settings?.get(model)?.dispatch ?? env().PARLEY_DISPATCH_POLICY;
};
