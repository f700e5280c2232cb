import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * Values a browser keeps for us: anyone may read them, only this server can have made them. The form is
 * `<value>.<mac>`, both base64url, the mac HMAC-SHA256 (RFC 2104).
 */

/** Each purpose signs with a key of its own (RFC 5869), so that a value made for one never opens another. */
export type Purpose =
  | "visitor"
  | "admin-session"
  | "network"
  | "prompt"
  | "checkpoints"
  | "imported-voter"
  | "provider-keys";

export function purposeKey(purpose: Purpose, secret: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", `parley/${purpose}`, 32));
}

function macOf(encoded: string, purpose: Purpose, secret: string): Buffer {
  return createHmac("sha256", purposeKey(purpose, secret)).update(encoded).digest();
}

export function signValue(value: string, purpose: Purpose, secret: string): string {
  const encoded = Buffer.from(value, "utf8").toString("base64url");
  return `${encoded}.${macOf(encoded, purpose, secret).toString("base64url")}`;
}

/** The value, or undefined when it was not signed by us, for this purpose, with this secret. */
export function openValue(signed: string, purpose: Purpose, secret: string): string | undefined {
  const [encoded, mac, ...rest] = signed.split(".");
  if (!encoded || !mac || rest.length > 0) return undefined;
  const given = Buffer.from(mac, "base64url");
  const expected = macOf(encoded, purpose, secret);
  // Node's decoder skips foreign characters and spare bits; only the one canonical spelling is taken.
  if (given.length !== expected.length || given.toString("base64url") !== mac) return undefined;
  if (!timingSafeEqual(given, expected)) return undefined;
  return Buffer.from(encoded, "base64url").toString("utf8");
}
