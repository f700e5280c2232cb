import { VIA_HEADER } from "@/lib/protocol/via";

/**
 * By way of whom a request came to this worker, for the server that it stands before: that may be a Parley, and the
 * very one that the worker belongs to, which knows itself by this and stops. It is found by the signal that the
 * request's calls are given: a store of AsyncLocalStorage would find it anywhere, and makes every promise of the
 * process cost more from its first use on (V8's promise hooks), of which a piece of a stream takes dozens.
 */
const CHAINS = new WeakMap<AbortSignal, string>();

/** Ids with commas between them; what a caller wrote into the header instead is not passed on. */
const IDS = /^[0-9a-f, -]{36,1000}$/i;

/** Notes where the request of this signal came from; `instanceId` is this life of the worker's, and tells strangers nothing. */
export function noteChain(
  signal: AbortSignal,
  header: string | string[] | undefined,
  instanceId: string,
): void {
  const isChain = typeof header === "string" && IDS.test(header);
  CHAINS.set(signal, isChain ? `${header},${instanceId}` : instanceId);
}

/** Work for a request goes on under a signal of its own. */
export function passChain(from: AbortSignal, to: AbortSignal): void {
  const chain = CHAINS.get(from);
  if (chain !== undefined) CHAINS.set(to, chain);
}

/** What a backend sends along with what it asks for this request; nothing where it asks for itself. */
export function chainHeaders(signal: AbortSignal | null | undefined): Record<string, string> {
  const chain = signal ? CHAINS.get(signal) : undefined;
  return chain === undefined ? {} : { [VIA_HEADER]: chain };
}
