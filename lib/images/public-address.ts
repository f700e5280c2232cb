import { assert } from "@/lib/util/assert";
import { type AddressBytes, type AddressRange, isInRange, parseRange } from "@/lib/util/ip-address";

/**
 * Blocks that the public internet does not reach, or reaches as something else: IANA's registries of special
 * purposes (RFC 6890 and what it lists), with multicast and what is reserved. A server that fetched from
 * there at a stranger's word would lend them its own place in the network: its metadata service, its
 * database, the router's page.
 */
const SPECIAL = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"],
  ...["192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24"],
  ...["203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
];
/** Of IPv6 only this block is given out to the public; within it, what stands for something else. */
const PUBLIC_IPV6 = toRange("2000::/3");
const SPECIAL_IPV6 = [
  // Protocol assignments (Teredo among them, which carries IPv4), documentation, and 6to4, which carries IPv4.
  ...["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"],
];

const ranges = [...SPECIAL, ...SPECIAL_IPV6].map(toRange);

function toRange(text: string): AddressRange {
  const range = parseRange(text);
  assert(range, `${text} is a block of addresses`);
  return range;
}

/** Whether everybody on the internet can reach it, and as the same thing as this server does. */
export function isPublicAddress(address: AddressBytes): boolean {
  if (address.length === 16 && !isInRange(address, PUBLIC_IPV6)) return false;
  return !ranges.some((range) => isInRange(address, range));
}
