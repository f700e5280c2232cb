import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses a change that another site's page asks for in the name of its visitor. Browsers say where a
 * request comes from: `Sec-Fetch-Site` on https and localhost, `Origin` on every POST and DELETE. A
 * request that carries neither is no browser's, so no cookie was sent behind anyone's back.
 *
 * @throws AppError `forbidden`
 */
export function checkSameOrigin(request: Request): void {
  if (READING.has(request.method) || isSameOrigin(request)) return;
  throw new AppError("forbidden", { message: "This change was asked for by another site's page." });
}

/** Whether no other site's page is behind a request, as far as a browser would have said so. */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  // "same-site" would let another port of localhost in.
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  const publicUrl = env().PARLEY_PUBLIC_URL;
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return true;
  return hostOf(origin) === (request.headers.get("host") ?? new URL(request.url).host);
}

function hostOf(origin: string): string | undefined {
  // A sandboxed page sends "null", which is no URL.
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
