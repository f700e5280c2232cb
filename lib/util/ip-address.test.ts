import { expect, test } from "vitest";
import { isInRange, parseAddress, parseRange, toNetwork } from "./ip-address";

const networkOf = (text: string) => {
  const bytes = parseAddress(text);
  return bytes && toNetwork(bytes);
};
const isIn = (address: string, range: string) => {
  const [bytes, block] = [parseAddress(address), parseRange(range)];
  if (!bytes || !block) throw new Error(`not readable: ${address}, ${range}`);
  return isInRange(bytes, block);
};

test.each([
  ["192.0.2.77", "192.0.2.0/24"],
  ["::ffff:192.0.2.77", "192.0.2.0/24"],
  ["::ffff:c000:24d", "192.0.2.0/24"],
  ["2001:db8:0:aa:1:2:3:4", "20010db8000000aa/64"],
  ["2001:0DB8:0000:00aa::9", "20010db8000000aa/64"],
  ["fe80::1%eth0", "fe80000000000000/64"],
  ["::1", "0000000000000000/64"],
  ["::", "0000000000000000/64"],
  ["1:2:3:4:5:6:7::", "0001000200030004/64"],
])("the network of %s is %s", (address, expected) => {
  expect(networkOf(address)).toBe(expected);
});

test.each([
  "",
  "unknown",
  "192.0.2",
  "192.0.2.256",
  "192.0.2.1:80",
  "[::1]",
  "::g",
  "1::2::3",
  "_x",
])("%j is no address", (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each<[boolean, string, string]>([
  [true, "10.1.2.3", "10.0.0.0/8"],
  [false, "11.1.2.3", "10.0.0.0/8"],
  [true, "172.31.255.1", "172.16.0.0/12"],
  [false, "172.32.0.1", "172.16.0.0/12"],
  [true, "192.0.2.1", "192.0.2.1"],
  [false, "192.0.2.2", "192.0.2.1"],
  [true, "203.0.113.9", "0.0.0.0/0"],
  [true, "::ffff:10.1.2.3", "10.0.0.0/8"],
  [true, "10.1.2.3", "::ffff:10.0.0.0/104"],
  [true, "fd12::1", "fd00::/8"],
  [false, "fe12::1", "fd00::/8"],
  [false, "10.1.2.3", "::/0"],
])("%s: %s in %s", (expected, address, range) => {
  expect(isIn(address, range)).toBe(expected);
});

test.each(["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "proxy", "::/129", "/8", ""])(
  "%j is no block of addresses",
  (text) => {
    expect(parseRange(text)).toBeUndefined();
  },
);
