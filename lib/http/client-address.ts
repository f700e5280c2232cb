import { env } from "@/lib/env";
import { type AddressRange, isInRange, parseAddress, parseRange } from "@/lib/util/ip-address";
import { development } from "./development";
import { peerAddress } from "./light-request";

/** Hops of a chain that are looked at: a longer one is nobody's that we trust. */
const HOPS_MAX = 32;

/**
 * The address a request came from: the one its connection has, or, where that is a proxy of ours
 * (PARLEY_TRUSTED_PROXIES), the last one in `X-Forwarded-For` that is not. What stands before that one was written
 * by a stranger and is worth nothing. Undefined where the connection has none (a Unix socket).
 */
export function clientAddress(
  request: Request,
  trusted: readonly AddressRange[] = trustedProxies(),
): string | undefined {
  const hops = development().isOn || trusted.length > 0 ? readHops(request.headers) : [];
  // In development Next stands between; the server adds the connection's address behind what came with it.
  let address = development().isOn ? hops.pop() : peerAddress(request);
  while (address !== undefined && isTrusted(address, trusted)) {
    const before = hops.pop();
    // A proxy that says `unknown`, or nothing: what it is the address of is then its own.
    if (before === undefined || parseAddress(before) === undefined) break;
    address = before;
  }
  return address;
}

let proxies: readonly AddressRange[] | undefined;

/** Settings are those of the whole process' life. */
function trustedProxies(): readonly AddressRange[] {
  proxies ??= env().PARLEY_TRUSTED_PROXIES.flatMap((block) => parseRange(block) ?? []);
  return proxies;
}

function isTrusted(address: string, trusted: readonly AddressRange[]): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && trusted.some((range) => isInRange(bytes, range));
}

/** The addresses as they were passed on, ours last. Some proxies write a port behind them. */
function readHops(headers: Headers): string[] {
  const hops = headers.get("x-forwarded-for")?.split(",").slice(-HOPS_MAX) ?? [];
  return hops.map((hop) => {
    const text = hop.trim();
    const bracketed = /^\[(.+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
    return bracketed?.[1] ?? text;
  });
}
