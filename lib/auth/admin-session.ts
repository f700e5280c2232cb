import { ADMIN_ATTEMPTS_ALL_MAX, ADMIN_KNOWN_NETWORKS_MAX } from "@/lib/arena-limits";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { ADMIN_ATTEMPTS_MAX, ADMIN_ATTEMPTS_WINDOW_MS, ADMIN_SESSION_SECONDS } from "@/lib/limits";
import { processSingleton } from "@/lib/util/process-singleton";
import { isSameSecret } from "./bearer";
import { readCookie, toSetCookie } from "./cookie";
import { cookieSecret } from "./cookie-secret";
import { openValue, signValue } from "./signed-value";

export const ADMIN_COOKIE = "parley_admin";

/** Wrong tokens of the last minute, oldest first, and the networks that once had the right one. */
const attempts = processSingleton("admin-attempts", () => ({
  wrong: [] as { network: string; atMs: number }[],
  known: new Set<string>(),
}));

/** Signing with the token as well closes every session when the token changes. */
function sessionSecret(token: string): string {
  return `${cookieSecret()}\n${token}`;
}

/**
 * Opens a session for the holder of the admin token.
 *
 * Who guesses locks out their own network alone, so that nobody can keep the operator out. Only where very
 * many networks guess at once are all refused but those that had the right token before.
 *
 * @param network auth/network.ts
 * @returns the `Set-Cookie` header that carries it.
 * @throws AppError `unauthenticated` on a wrong token, `overloaded` after too many, `forbidden` when
 *   this server has none.
 */
export function openAdminSession(
  token: string,
  network: string,
  nowMs: number = Date.now(),
): string {
  const expected = env().PARLEY_ADMIN_TOKEN;
  if (expected === undefined) {
    throw new AppError("forbidden", {
      message: "This server has no admin token. Set PARLEY_ADMIN_TOKEN and restart it.",
    });
  }
  checkAttempts(network, nowMs);
  if (!isSameSecret(token, expected)) {
    attempts.wrong.push({ network, atMs: nowMs });
    throw new AppError("unauthenticated", {
      message: "This is not the admin token. `npm start` prints it.",
      param: "token",
    });
  }
  if (attempts.known.size < ADMIN_KNOWN_NETWORKS_MAX) attempts.known.add(network);
  const expiresMs = nowMs + ADMIN_SESSION_SECONDS * 1000;
  const signed = signValue(String(expiresMs), "admin-session", sessionSecret(expected));
  return toSetCookie(ADMIN_COOKIE, signed, ADMIN_SESSION_SECONDS);
}

function checkAttempts(network: string, nowMs: number): void {
  attempts.wrong = attempts.wrong.filter(({ atMs }) => nowMs - atMs < ADMIN_ATTEMPTS_WINDOW_MS);
  const own = attempts.wrong.filter((it) => it.network === network);
  const isOwn = own.length >= ADMIN_ATTEMPTS_MAX;
  const isAll = attempts.wrong.length >= ADMIN_ATTEMPTS_ALL_MAX && !attempts.known.has(network);
  if (!isOwn && !isAll) return;
  const oldest = (isOwn ? own : attempts.wrong)[0]?.atMs ?? nowMs;
  throw new AppError("overloaded", {
    message: "Too many wrong tokens. Wait a minute and try again.",
    retryAfterSeconds: Math.ceil((oldest + ADMIN_ATTEMPTS_WINDOW_MS - nowMs) / 1000),
  });
}

/** Whether a `Cookie` header, or the bare cookie value, holds an open session. */
export function isAdminSession(
  cookieHeaderOrValue: string | null | undefined,
  nowMs: number = Date.now(),
): boolean {
  const token = env().PARLEY_ADMIN_TOKEN;
  const signed = readCookie(cookieHeaderOrValue, ADMIN_COOKIE);
  if (token === undefined || signed === undefined) return false;
  const expiresMs = openValue(signed, "admin-session", sessionSecret(token));
  return expiresMs !== undefined && nowMs < Number(expiresMs);
}

/** The `Set-Cookie` header that makes the browser forget its session. */
export function closeAdminSession(): string {
  return toSetCookie(ADMIN_COOKIE, "", 0);
}
