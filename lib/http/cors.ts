import type { IncomingMessage, ServerResponse } from "node:http";
import { env } from "@/lib/env";
import { isApiPath } from "./error-reply";

/**
 * Which pages of other origins may call the API from a browser. A page that is not listed cannot read an
 * answer; that it cannot ask without a key either is `authenticateApi`'s part. Cookies never count across
 * origins, so `Access-Control-Allow-Credentials` is sent to nobody.
 */

/** Browsers ask again after this long; Chromium keeps an answer for two hours at most. */
const PREFLIGHT_SECONDS = 7_200;
const METHODS = "GET, POST, DELETE";
/** Names of headers, as RFC 9110 has them, and of no length that would only be worth sending to do harm. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+( *, *[\w!#$%&'*+.^`|~-]+)*$/;
const HEADER_NAMES_CHARACTERS_MAX = 2_048;
const KINDS = ["limit", "remaining", "reset"];
const BUDGETS = ["requests", "tokens"];
/** What a page's script may read besides the few headers that any may. */
const EXPOSED = [
  ...["x-request-id", "request-id", "retry-after"],
  ...KINDS.flatMap((kind) => BUDGETS.map((budget) => `x-ratelimit-${kind}-${budget}`)),
  ...KINDS.flatMap((kind) => BUDGETS.map((budget) => `anthropic-ratelimit-${budget}-${kind}`)),
  ...["x-parley-worker", "x-parley-model", "x-parley-route", "x-parley-resumed"],
].join(", ");

/** Whether the operator trusts this origin's pages by name; `*` names nobody. */
export function isAllowedOrigin(origin: string): boolean {
  return env().PARLEY_CORS_ORIGINS.includes(origin);
}

/**
 * Says on the response who may read it, and answers a browser that asks beforehand.
 *
 * @returns true when the request was such a question and is answered.
 */
export function applyCors(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { PARLEY_CORS_ORIGINS: origins } = env();
  const [path = "/"] = (incoming.url ?? "/").split("?", 1);
  if (origins.length === 0 || !isApiPath(path)) return false;
  const { origin, "access-control-request-method": askedMethod } = incoming.headers;
  const isForAll = origins.includes("*");
  // What is the same for all may be kept for all.
  if (!isForAll) outgoing.appendHeader("vary", "Origin");
  if (origin === undefined) return false;
  const isAllowed = isForAll || isAllowedOrigin(origin);
  if (isAllowed) {
    outgoing.setHeader("access-control-allow-origin", isForAll ? "*" : origin);
    outgoing.setHeader("access-control-expose-headers", EXPOSED);
  }
  if (incoming.method !== "OPTIONS" || askedMethod === undefined) return false;
  if (isAllowed) allow(incoming, outgoing);
  outgoing.writeHead(204).end();
  return true;
}

function allow({ headers }: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.setHeader("access-control-allow-methods", METHODS);
  outgoing.setHeader("access-control-max-age", PREFLIGHT_SECONDS);
  const names = headers["access-control-request-headers"]?.trim();
  // Clients send a dozen of their own (x-stainless-…), and `*` does not stand for `authorization`.
  if (names && names.length <= HEADER_NAMES_CHARACTERS_MAX && HEADER_NAMES.test(names)) {
    outgoing.setHeader("access-control-allow-headers", names);
  }
  // A public page that calls a server in its visitor's own network is asked about apart.
  if (headers["access-control-request-private-network"] === "true") {
    outgoing.setHeader("access-control-allow-private-network", "true");
  }
}
