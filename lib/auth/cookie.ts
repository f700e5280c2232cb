import { env } from "@/lib/env";

/** The value of a cookie in a `Cookie` header, or the text itself when it is already a bare value. */
export function readCookie(headerOrValue: string | null | undefined, name: string) {
  if (!headerOrValue) return undefined;
  // What we sign is base64url and a dot: a bare value never holds the "=" that every header does.
  if (!headerOrValue.includes("=")) return headerOrValue;
  for (const pair of headerOrValue.split(";")) {
    const split = pair.indexOf("=");
    if (split > 0 && pair.slice(0, split).trim() === name) return pair.slice(split + 1).trim();
  }
  return undefined;
}

/** A `Set-Cookie` header; scripts never see our cookies and other sites' forms never send them. */
export function toSetCookie(name: string, value: string, maxAgeSeconds: number): string {
  const secure = env().PARLEY_PUBLIC_URL?.startsWith("https:") ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
