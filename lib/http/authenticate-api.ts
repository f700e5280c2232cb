import {
  ANONYMOUS_CALLER,
  type ApiCaller,
  ENVIRONMENT_CALLER,
  keyCaller,
  visitorCaller,
} from "@/lib/auth/api-caller";
import { isSameSecret, readBearer } from "@/lib/auth/bearer";
import { type KeyFinding, type KeyRing, keyRing } from "@/lib/auth/key-ring";
import { KEY_START } from "@/lib/auth/make-key";
import { refuseKey } from "@/lib/auth/refuse-key";
import { readVisitorId } from "@/lib/auth/visitor";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { ApiScope } from "@/lib/protocol/api-key";
import { isAllowedOrigin } from "./cors";
import { isLocalRequest, isLocalServer } from "./local-request";
import { isSameOrigin } from "./same-origin";

const HOW_TO_SEND = "Send an API key as `Authorization: Bearer <key>` or `x-api-key: <key>`.";

/**
 * Says who calls the API. A key decides wherever one is needed or given; without any, this machine's own
 * programs are let in for as long as no key was ever made. The answer to a key comes from memory, and at once
 * where that is fresh.
 *
 * @throws AppError `unauthenticated` or `forbidden` with what is missing; `unavailable` where a key would
 *   have to be looked up and this process can neither hear of revocations nor read them.
 */
export function authenticateApi(request: Request, scope: ApiScope): ApiCaller | Promise<ApiCaller> {
  const given = readGivenKeys(request.headers);
  if (given.length === 0) return admitWithoutKey(request);
  const expected = env().PARLEY_API_KEY;
  if (expected !== undefined && given.some((text) => isSameSecret(text, expected))) {
    return ENVIRONMENT_CALLER;
  }
  // Official clients insist on some text. Where there is nothing to mistake it for, it is none.
  const isFiller = expected === undefined && given.every((text) => !text.startsWith(KEY_START));
  const ring = isFiller ? undefined : keyRing().peek();
  if (ring !== undefined) return findCaller(given, ring, scope);
  return isFiller ? admitFiller(request, given, scope) : readCaller(given, scope);
}

async function admitFiller(
  request: Request,
  given: readonly string[],
  scope: ApiScope,
): Promise<ApiCaller> {
  if (await isOpen(request)) return await admitWithoutKey(request);
  return await readCaller(given, scope);
}

async function readCaller(given: readonly string[], scope: ApiScope): Promise<ApiCaller> {
  return findCaller(given, keyRing().peek() ?? (await keyRing().get()), scope);
}

function findCaller(given: readonly string[], ring: KeyRing, scope: ApiScope): ApiCaller {
  const findings = given.map((text) => ring.find(text));
  const live = findings.find((it) => it.state === "live");
  if (live === undefined) throw refuse(findings, ring);
  const { key } = live;
  if (!key.scopes.includes(scope)) {
    throw new AppError("forbidden", {
      message: `This API key lacks the scope \`${scope}\` that this call needs; it has: ${key.scopes.join(", ") || "none"}. \`npx parley keys update ${key.prefix} --scope …\` changes that.`,
    });
  }
  return keyCaller(key);
}

/**
 * Anthropic's clients have a header of their own, and some send both.
 *
 * @throws AppError `unauthenticated` for another scheme than Bearer, which is no key and not to be passed over.
 */
function readGivenKeys(headers: Headers): string[] {
  const authorization = headers.get("authorization")?.trim() ?? "";
  const bearer = readBearer(authorization);
  const keys = [bearer, headers.get("x-api-key")?.trim()].filter((key) => key !== undefined);
  const given = keys.filter((key) => key !== "");
  // An empty token is what a client sends whose key is an empty text.
  if (given.length > 0 || /^(bearer)?$/i.test(authorization)) return given;
  throw new AppError("unauthenticated", {
    message: `The \`Authorization\` header is of another form than \`Bearer <key>\`. ${HOW_TO_SEND}`,
  });
}

async function admitWithoutKey(request: Request): Promise<ApiCaller> {
  if (!(await isOpen(request))) throw await refuseWithoutKey();
  if (isSameOrigin(request)) {
    const visitorId = readVisitorId(request.headers.get("cookie"));
    return visitorId === undefined ? ANONYMOUS_CALLER : visitorCaller(visitorId);
  }
  checkForeignPage(request);
  return ANONYMOUS_CALLER;
}

const NEEDS_KEY = `${HOW_TO_SEND} Whoever runs this server makes one with \`npx parley keys create\`.`;
const NO_KEY_YET =
  "This server has no API key yet, and without one it answers programs on its own machine only. There, `npx parley keys create` makes a key; PARLEY_API_OPEN=true would answer everyone.";

async function refuseWithoutKey(): Promise<AppError> {
  // Without the database nobody knows which of the two sentences is true; the one that helps more callers is said.
  const ring = await lastKnownRing().catch(() => undefined);
  const message = ring !== undefined && isKeyless(ring) ? NO_KEY_YET : NEEDS_KEY;
  return new AppError("unauthenticated", { message });
}

function isKeyless(ring: KeyRing): boolean {
  return ring.isEmpty && env().PARLEY_API_KEY === undefined;
}

/**
 * Without a key it is the machine that a request comes from that is trusted, and a browser there runs the
 * pages of strangers. Following a link changes nothing and shows them nothing.
 */
function checkForeignPage(request: Request): void {
  const isReading = request.method === "GET" || request.method === "HEAD";
  const origin = request.headers.get("origin");
  if (isReading && origin === null) return;
  if (origin !== null && isWelcome(origin)) return;
  throw new AppError("forbidden", {
    message:
      "A page of another site asked for this without an API key. Send a key, or have whoever runs this server allow that site in PARLEY_CORS_ORIGINS.",
  });
}

/** Pages that are trusted by name; where the API and its answers are for everyone, all. */
function isWelcome(origin: string): boolean {
  const { PARLEY_API_OPEN, PARLEY_CORS_ORIGINS } = env();
  return isAllowedOrigin(origin) || (PARLEY_API_OPEN && PARLEY_CORS_ORIGINS.includes("*"));
}

/** Whom the API answers without a key, as far as a setting or the lack of keys decides it. */
async function isOpen(request: Request): Promise<boolean> {
  const { PARLEY_API_OPEN, PARLEY_API_KEY } = env();
  if (PARLEY_API_OPEN) return true;
  if (PARLEY_API_KEY !== undefined || !isLocalRequest(request)) return false;
  return (await lastKnownRing()).isEmpty;
}

/** Whom the API answers without a key, for keepers. */
export async function readApiDoor(): Promise<"nobody" | "this-machine" | "everyone"> {
  const { PARLEY_API_OPEN, PARLEY_API_KEY } = env();
  if (PARLEY_API_OPEN) return "everyone";
  if (PARLEY_API_KEY !== undefined || !isLocalServer()) return "nobody";
  return (await lastKnownRing()).isEmpty ? "this-machine" : "nobody";
}

/** The newest keys there are, and without the database those known last: it cannot hold a new one meanwhile. */
async function lastKnownRing(): Promise<KeyRing> {
  const ring = keyRing();
  try {
    return ring.peek() ?? (await ring.get());
  } catch (error) {
    if (ring.last === undefined) throw error;
    return ring.last;
  }
}

/** Of several keys the one that was good once is told of. */
function refuse(findings: readonly KeyFinding[], ring: KeyRing): AppError {
  for (const state of ["expired", "revoked", "unreadable"]) {
    const told = findings.find((it) => it.state === state);
    const refusal = told && refuseKey(told);
    if (refusal !== undefined) return refusal;
  }
  const refusal = isKeyless(ring) ? undefined : refuseKey({ state: "unknown" });
  return refusal ?? new AppError("unauthenticated", { message: NO_KEY_YET });
}
