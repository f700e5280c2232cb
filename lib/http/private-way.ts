import { networkInterfaces } from "node:os";
import { env } from "@/lib/env";
import { isInRange, parseAddress, parseRange } from "@/lib/util/ip-address";
import { isLoopback } from "@/lib/util/loopback";
import { clientAddress } from "./client-address";
import { development } from "./development";
import { peerAddress } from "./light-request";
import { NEXT_TRACES, PROXY_TRACES } from "./proxy-traces";

const TRACES = [...PROXY_TRACES, ...NEXT_TRACES];

/**
 * Whether nobody can read along on the way that a request came by: it never left this machine, came from a
 * network that the operator vouches for (PARLEY_KEY_NETWORKS), or by https through a proxy of ours. Who
 * asks is another question.
 */
export function isPrivateWay(request: Request): boolean {
  const address = clientAddress(request);
  const isForwarded = !development().isOn && TRACES.some((it) => request.headers.has(it));
  if (isForwarded) return isProxyOfOurs(peerAddress(request)) && cameByHttps(request);
  // A socket without an address is one of this machine's own.
  return address === undefined || isHere(address) || isListed(address, env().PARLEY_KEY_NETWORKS);
}

/** A connection from this machine to an address of its own has that at both ends. */
function isHere(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  if (isLoopback(plain)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((it) => it.address === plain));
}

function isListed(address: string, blocks: readonly string[]): boolean {
  const bytes = parseAddress(address);
  if (bytes === undefined) return false;
  return blocks.some((block) => {
    const range = parseRange(block);
    return range !== undefined && isInRange(bytes, range);
  });
}

/** One beside this server is, as a stranger's is not; others are named by the operator. */
function isProxyOfOurs(peer: string | undefined): boolean {
  if (peer === undefined || isHere(peer)) return true;
  return isListed(peer, env().PARLEY_TRUSTED_PROXIES);
}

/** As the proxy says, in all its words; where it says nothing, the address that the operator gave the platform decides. */
function cameByHttps({ headers }: Request): boolean {
  const said = [headers.get("x-forwarded-proto")?.split(",").at(-1), protoOf(headers)];
  const schemes = said.flatMap((it) => it?.trim().toLowerCase() ?? []);
  if (schemes.length > 0) return schemes.every((it) => it === "https");
  const { PARLEY_PUBLIC_URL } = env();
  return PARLEY_PUBLIC_URL !== undefined && new URL(PARLEY_PUBLIC_URL).protocol === "https:";
}

/** The scheme that the nearest proxy tells in `Forwarded` (RFC 7239 §5.4). */
function protoOf(headers: Headers): string | undefined {
  const nearest = headers.get("forwarded")?.split(",").at(-1);
  return /(?:^|;)\s*proto="?([a-z]+)"?/i.exec(nearest ?? "")?.[1];
}
