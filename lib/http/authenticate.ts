import { isAdminSession } from "@/lib/auth/admin-session";
import { type ApiCaller, PARENT_CALLER } from "@/lib/auth/api-caller";
import { isSameSecret, readBearer } from "@/lib/auth/bearer";
import { parentDoor } from "@/lib/auth/parent-door";
import { createVisitor, readVisitorId } from "@/lib/auth/visitor";
import { findWorkerToken } from "@/lib/auth/worker-token-ring";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { ApiScope } from "@/lib/protocol/api-key";
import { authenticateApi } from "./authenticate-api";
import { isLocalRequest } from "./local-request";
import { checkSameOrigin } from "./same-origin";

/**
 * Who a route answers: `anyone`; `api`, holders of an API key where one is needed (authenticate-api.ts);
 * `visitor`, whoever holds a signed cookie (made on the fly); `admin`, an open session; `worker`, the shared secret;
 * `parent`, the Parley at which this one is a worker.
 */
export type Caller = "anyone" | "api" | "visitor" | "admin" | "worker" | "parent";

/** A worker that calls: by which token, or (null) by the secret that all share. */
export type WorkerCaller = { tokenId: string | null };

export type Identity = {
  visitorId?: string;
  setCookie?: string;
  api?: ApiCaller;
  worker?: WorkerCaller;
};

/**
 * Lets the caller in; a promise only where something has to be read first.
 *
 * @throws AppError `unauthenticated` or `forbidden`, with what is missing.
 */
export function authenticate(
  request: Request,
  caller: Caller,
  scope: ApiScope,
): Identity | Promise<Identity> {
  switch (caller) {
    case "anyone":
      return {};
    case "api": {
      const api = authenticateApi(request, scope);
      return api instanceof Promise ? api.then((it) => ({ api: it })) : { api };
    }
    case "visitor":
      checkSameOrigin(request);
      return identifyVisitor(request);
    case "admin":
      checkSameOrigin(request);
      if (isAdminSession(request.headers.get("cookie"))) return {};
      throw new AppError("unauthenticated", {
        message: "Open an admin session first, with the token that `npm start` printed.",
      });
    case "parent":
      checkParent(request);
      return { api: PARENT_CALLER };
    case "worker":
      return identifyWorker(request).then((worker) => ({ worker }));
  }
}

/**
 * Lets in who may read this process's metrics: the worker secret, an admin session, or anybody on a
 * machine of one's own. Not the public: who watches the counters of each model during a blind battle
 * sees which two are at work.
 *
 * @throws AppError `unauthenticated`
 */
export function authenticateScraper(request: Request): void {
  if (isLocalRequest(request) || isAdminSession(request.headers.get("cookie"))) return;
  checkWorkerSecret(request);
}

async function identifyWorker(request: Request): Promise<WorkerCaller> {
  const given = readBearer(request.headers.get("authorization"));
  const tokenId = given === undefined ? undefined : await findWorkerToken(given);
  if (tokenId !== undefined) return { tokenId };
  checkWorkerSecret(request);
  return { tokenId: null };
}

function checkWorkerSecret(request: Request): void {
  const expected = env().PARLEY_WORKER_SECRET;
  const given = readBearer(request.headers.get("authorization"));
  if (expected !== undefined && given !== undefined && isSameSecret(given, expected)) return;
  throw new AppError("unauthenticated", {
    message:
      expected === undefined
        ? "This server has no worker secret. Set PARLEY_WORKER_SECRET here and at the worker."
        : "Send the worker secret as `Authorization: Bearer <secret>`, the server's PARLEY_WORKER_SECRET, or a token of `npx parley workers token create` that was not revoked.",
  });
}

/** @throws AppError `not-found` where this Parley is no worker, so that nobody can tell that it could be. */
export function checkIsRelay(): void {
  if (parentDoor().isOpen) return;
  throw new AppError("not-found", { message: "There is nothing here." });
}

function checkParent(request: Request): void {
  checkIsRelay();
  if (parentDoor().lets(readBearer(request.headers.get("authorization")))) return;
  throw new AppError("unauthenticated", {
    message:
      "Send as `Authorization: Bearer <secret>` what this Parley was let in with: its PARLEY_PARENT_SECRET is the other one's PARLEY_WORKER_SECRET, or a token made there.",
  });
}

function identifyVisitor(request: Request): Identity {
  const visitorId = readVisitorId(request.headers.get("cookie"));
  return visitorId === undefined ? createVisitor() : { visitorId };
}
