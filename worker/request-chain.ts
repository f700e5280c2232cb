import { AsyncLocalStorage } from "node:async_hooks";
import { VIA_HEADER } from "@/lib/protocol/via";

/**
 * By way of whom a request came to this worker, for the server that it stands before: that may be a Parley, and the
 * very one that the worker belongs to, which knows itself by this and stops.
 */
const CHAINS = new AsyncLocalStorage<string>();

/** Ids with commas between them; what a caller wrote into the header instead is not passed on. */
const IDS = /^[0-9a-f, -]{36,1000}$/i;

/** Runs `work` for a request; `instanceId` is this life of the worker's, and tells strangers nothing. */
export function inChain<T>(header: string | undefined, instanceId: string, work: () => T): T {
  const isChain = header !== undefined && IDS.test(header);
  return CHAINS.run(isChain ? `${header},${instanceId}` : instanceId, work);
}

/** What a backend sends along with what it asks for this request; nothing where it asks for itself. */
export function chainHeaders(): Record<string, string> {
  const chain = CHAINS.getStore();
  return chain === undefined ? {} : { [VIA_HEADER]: chain };
}
