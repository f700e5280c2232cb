import { createHash, timingSafeEqual } from "node:crypto";

/** The token of an `Authorization: Bearer …` header (RFC 6750 §2.1), and spaces in it, which people's secrets may hold. */
export function readBearer(header: string | null): string | undefined {
  // By hand: an expression that also finds the end of trailing spaces takes 0.2 s for 15,000 of them.
  const [scheme, token] = [header?.slice(0, 7), header?.slice(7).trim()];
  return scheme?.toLowerCase() === "bearer " && token !== "" ? token : undefined;
}

/** Whether two secrets are equal, in a time that tells neither where they differ nor how long they are. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();
  return timingSafeEqual(digest(given), digest(expected));
}
