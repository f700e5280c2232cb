import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import { ADMIN_ATTEMPTS_MAX, ADMIN_ATTEMPTS_WINDOW_MS, ADMIN_SESSION_SECONDS } from "@/lib/limits";
import { processSingleton } from "@/lib/util/process-singleton";
import { isSameSecret } from "./bearer";
import { readCookie, toSetCookie } from "./cookie";
import { cookieSecret } from "./cookie-secret";
import { openValue, signValue } from "./signed-value";

export const ADMIN_COOKIE = "parley_admin";

/** When the latest wrong tokens came, oldest first; the same for all who ask, since addresses are cheap. */
const failures = processSingleton("admin-failures", (): { atMs: number[] } => ({ atMs: [] }));

/** Signing with the token as well closes every session when the token changes. */
function sessionSecret(token: string): string {
  return `${cookieSecret()}\n${token}`;
}

/**
 * Opens a session for the holder of the admin token.
 *
 * @returns the `Set-Cookie` header that carries it.
 * @throws AppError `unauthenticated` on a wrong token, `overloaded` after too many, `forbidden` when
 *   this server has none.
 */
export function openAdminSession(token: string, nowMs: number = Date.now()): string {
  const expected = env().PARLEY_ADMIN_TOKEN;
  if (expected === undefined) {
    throw new AppError("forbidden", {
      message: "This server has no admin token. Set PARLEY_ADMIN_TOKEN and restart it.",
    });
  }
  failures.atMs = failures.atMs.filter((atMs) => nowMs - atMs < ADMIN_ATTEMPTS_WINDOW_MS);
  const oldest = failures.atMs[0];
  if (oldest !== undefined && failures.atMs.length >= ADMIN_ATTEMPTS_MAX) {
    throw new AppError("overloaded", {
      message: "Too many wrong tokens. Wait a minute and try again.",
      retryAfterSeconds: Math.ceil((oldest + ADMIN_ATTEMPTS_WINDOW_MS - nowMs) / 1000),
    });
  }
  if (!isSameSecret(token, expected)) {
    failures.atMs.push(nowMs);
    throw new AppError("unauthenticated", {
      message: "This is not the admin token. `npm start` prints it.",
      param: "token",
    });
  }
  const expiresMs = nowMs + ADMIN_SESSION_SECONDS * 1000;
  const signed = signValue(String(expiresMs), "admin-session", sessionSecret(expected));
  return toSetCookie(ADMIN_COOKIE, signed, ADMIN_SESSION_SECONDS);
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
