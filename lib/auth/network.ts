import { createHmac } from "node:crypto";
import { parseAddress, toNetwork } from "@/lib/util/ip-address";
import { processSingleton } from "@/lib/util/process-singleton";
import { cookieSecret } from "./cookie-secret";
import { purposeKey } from "./signed-value";

/** 128 bits: two networks never share one. */
const HASH_BYTES = 16;
const cache = processSingleton("network-key", (): { key?: Buffer; secret?: string } => ({}));

/**
 * The network that an address belongs to (/24 of IPv4, /64 of IPv6), as a keyed hash: what limits are counted by
 * and what is stored. Without the key, which is derived from PARLEY_SECRET, nobody finds the network again
 * by trying all sixteen million. What has no address is of one network of its own.
 */
export function hashNetwork(address: string | undefined): string {
  const bytes = address === undefined ? undefined : parseAddress(address);
  const network = bytes === undefined ? "unknown" : toNetwork(bytes);
  const mac = createHmac("sha256", networkKey()).update(network).digest();
  return mac.subarray(0, HASH_BYTES).toString("base64url");
}

function networkKey(): Buffer {
  const secret = cookieSecret();
  if (cache.key === undefined || cache.secret !== secret) {
    cache.key = purposeKey("network", secret);
    cache.secret = secret;
  }
  return cache.key;
}
