import { VISITOR_COOKIE_SECONDS } from "@/lib/limits";
import { createId, isId } from "@/lib/util/id";
import { readCookie, toSetCookie } from "./cookie";
import { cookieSecret } from "./cookie-secret";
import { openValue, signValue } from "./signed-value";

/** A visitor is whoever holds a signed cookie; no database is asked to know one again. */

export const VISITOR_COOKIE = "parley_visitor";

/** The visitor of a `Cookie` header or of the bare cookie value; undefined for a stranger or a forgery. */
export function readVisitorId(cookieHeaderOrValue: string | null | undefined): string | undefined {
  const signed = readCookie(cookieHeaderOrValue, VISITOR_COOKIE);
  if (signed === undefined) return undefined;
  const id = openValue(signed, "visitor", cookieSecret());
  return id !== undefined && isId(id) ? id : undefined;
}

/** A new visitor and the `Set-Cookie` header that makes the browser one. */
export function createVisitor(): { visitorId: string; setCookie: string } {
  const visitorId = createId();
  const signed = signValue(visitorId, "visitor", cookieSecret());
  return { visitorId, setCookie: toSetCookie(VISITOR_COOKIE, signed, VISITOR_COOKIE_SECONDS) };
}

/** The `Set-Cookie` header by which a browser forgets who it was. */
export function forgetVisitor(): string {
  return toSetCookie(VISITOR_COOKIE, "", 0);
}
