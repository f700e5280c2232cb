import { isIPv4, isIPv6 } from "node:net";

/** An address' bytes: 4 of IPv4, 16 of IPv6. One of IPv4 that is written as IPv6 (::ffff:192.0.2.1) is one of IPv4. */
export type AddressBytes = readonly number[];

/** A block of addresses: those that begin with the same `bits` bits as `bytes`. */
export type AddressRange = { bytes: AddressBytes; bits: number };

/** Bits before those that a provider hands to one customer, or a customer to each of its machines. */
const NETWORK_BITS = { 4: 24, 16: 64 } as const;
const MAPPED_BITS = 96;

/** Reads an address; undefined for what is none. The zone of a link-local one (`%eth0`) is left out. */
export function parseAddress(text: string): AddressBytes | undefined {
  const bare = text.replace(/%.*$/s, "");
  if (isIPv4(bare)) return bare.split(".").map(Number);
  if (!isIPv6(bare)) return undefined;
  const bytes = expand(bare);
  return isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** Reads an address (`192.0.2.1`) or a block (`10.0.0.0/8`, `fd00::/8`); undefined for what is neither. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  const bitsMax = bytes.length * 8;
  if (length === undefined) return { bytes, bits: bitsMax };
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const isMappedBlock = bytes.length === 4 && address.includes(":");
  const bits = Number(length) - (isMappedBlock ? MAPPED_BITS : 0);
  return bits >= 0 && bits <= bitsMax ? { bytes, bits } : undefined;
}

export function isInRange(address: AddressBytes, { bytes, bits }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  return bytes.every((byte, index) => {
    const shared = Math.min(8, Math.max(0, bits - index * 8));
    const mask = (0xff << (8 - shared)) & 0xff;
    return (byte & mask) === ((address[index] ?? 0) & mask);
  });
}

/** The network of an address, /24 of IPv4 and /64 of IPv6, in one spelling: `192.0.2.0/24`, `20010db8000000aa/64`. */
export function toNetwork(address: AddressBytes): string {
  if (address.length === 4) return `${address.slice(0, 3).join(".")}.0/${NETWORK_BITS[4]}`;
  const start = address.slice(0, NETWORK_BITS[16] / 8);
  return `${start.map((byte) => byte.toString(16).padStart(2, "0")).join("")}/${NETWORK_BITS[16]}`;
}

function expand(address: string): number[] {
  // The parser of URLs writes every spelling in one: groups of hexadecimal digits with one gap at most.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [before = [], after = []] = canonical
    .split("::")
    .map((part) => (part === "" ? [] : part.split(":")));
  const gap = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...gap, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function isMapped(bytes: AddressBytes): boolean {
  return bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}
