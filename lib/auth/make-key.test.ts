import { expect, test } from "vitest";
import { hashKey, KEY_START, makeKey } from "./make-key";

test("a key is long, of letters and digits alone, and never the same", () => {
  const keys = Array.from({ length: 100 }, makeKey);
  for (const { key, prefix, hash } of keys) {
    expect(key).toMatch(/^pk-parley-[A-Za-z0-9]{43}$/);
    expect(key.startsWith(prefix)).toBe(true);
    expect(prefix).toHaveLength(KEY_START.length + 6);
    expect(hash).toBe(hashKey(key));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(new Set(keys.map((it) => it.key)).size).toBe(100);
});

test("the hash is SHA-256 of the text", () => {
  // FIPS 180-4's example "abc".
  expect(hashKey("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});
