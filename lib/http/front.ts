import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@/lib/errors";
import { log } from "@/lib/telemetry/log";
import { errorReply, errorShapeAt } from "./error-reply";
import { hearClose } from "./hear-close";
import { lightRequest } from "./light-request";
import { isMethodRefusal, methodNotAllowed } from "./not-allowed";
import { readRequestId } from "./request-id";
import type { RouteHandler } from "./route";
import { tellMethods } from "./tell-methods";
import { writeAnswer } from "./write-answer";

/** The exports of a Next route file; some of them are handlers named for their method. */
export type RouteModule = Readonly<Record<string, unknown>>;

/** Takes the request, or says false and has not touched it. */
export type Front = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

type Matched = {
  handlers: Map<string, RouteHandler>;
  params: Record<string, string | string[]>;
  label: string;
};

/** What Next answers; anything else (TRACE, PROPFIND) it fails on without a body. */
const PAGE_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Answers the paths in `routes` (Next's own spelling: `/v1/models/[...id]`) without Next, whose routing
 * costs 0.7 ms a request, and refuses what Next would answer without a readable body.
 * The more particular path has to stand first.
 */
export function createFront(routes: Record<string, RouteModule>): Front {
  const all = Object.entries(routes).map(([path, module]) => ({
    path,
    pattern: toPattern(path),
    names: [...path.matchAll(/\[+(\.\.\.)?(\w+)\]+/g)].map(([, many, name = ""]) => ({
      name,
      isMany: many !== undefined,
    })),
    handlers: handlersOf(module),
    label: path.replace(/\[+(?:\.\.\.)?(\w+)\]+/g, ":$1"),
  }));
  // A path without parameters is more particular than any with: most requests are found at once.
  const plain = new Map<string, Matched>(
    all
      .filter(({ names }) => names.length === 0)
      .map(({ path, handlers, label }) => [path, { handlers, label, params: {} }]),
  );
  const table = all.filter(({ names }) => names.length > 0);

  const match = (path: string): Matched | undefined => {
    const found = plain.get(path) ?? plain.get(path.replace(/\/$/, ""));
    if (found) return found;
    for (const { pattern, names, handlers, label } of table) {
      const found = pattern.exec(path);
      if (!found) continue;
      const params: Matched["params"] = {};
      for (const [index, { name, isMany }] of names.entries()) {
        const text = found[index + 1];
        if (text === undefined) continue;
        params[name] = isMany ? text.split("/").map(decodeURIComponent) : decodeURIComponent(text);
      }
      return { handlers, params, label };
    }
    return undefined;
  };

  return (incoming, outgoing) => {
    const path = pathOf(incoming.url);
    // A fragment has no place in a request's target (RFC 9112 §3.2).
    const isSound = isDecodable(path) && !path.includes("#");
    if (!isSound) return handOver(incoming, outgoing, refuseUrl);
    const matched = match(path);
    if (matched) return handOver(incoming, outgoing, (request) => run(matched, request, path));
    if (PAGE_METHODS.includes(incoming.method ?? "")) return false;
    return handOver(incoming, outgoing, methodNotAllowed(...PAGE_METHODS));
  };
}

function run(
  { handlers, params, label }: Matched,
  request: Request,
  path: string,
): Promise<Response> {
  // A HEAD is a GET whose body Node does not send.
  const handler =
    handlers.get(request.method) ??
    (request.method === "HEAD" ? handlers.get("GET") : undefined) ??
    (request.method === "OPTIONS" ? tellMethods(handlers.keys()) : undefined) ??
    methodNotAllowed(...handlers.keys());
  return handler(request, { params, label, path });
}

function handOver(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request) => Promise<Response> | Response,
): true {
  hearClose(incoming.socket, outgoing);
  void answer(incoming, outgoing, handle).catch((error: unknown) => {
    // Handlers themselves do not throw: route() answers everything.
    log.error({ err: error, path: pathOf(incoming.url) }, "answer broken off");
    outgoing.destroy();
  });
  return true;
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request) => Promise<Response> | Response,
): Promise<void> {
  const { host } = incoming.headers;
  if (host === undefined || !isHost(host)) {
    await writeAnswer(badRequest(pathOf(incoming.url), new Headers()), { incoming, outgoing });
    return;
  }
  const request = lightRequest(incoming, outgoing);
  await writeAnswer(await handle(request), { incoming, outgoing });
}

/** Nearly all are of these characters; what is left is looked at by the parser of URLs itself. */
function isHost(host: string): boolean {
  return /^[a-z0-9.-]+(:[1-5]?\d{1,4})?$/i.test(host) || URL.canParse(`http://${host}/`);
}

function refuseUrl(request: Request): Response {
  return badRequest(pathOf(request.url.replace(/^http:\/\/[^/]*/, "")), request.headers);
}

function badRequest(path: string, headers: Headers): Response {
  const error = new AppError("invalid-request", {
    message: "The address of this request is not a valid URL. Percent-encode what is not ASCII.",
  });
  return errorReply(error, errorShapeAt(path), readRequestId(headers));
}

function handlersOf(module: RouteModule): Map<string, RouteHandler> {
  const named = Object.entries(module).filter(
    // A route file's exports in capitals are its handlers; that is Next's own convention.
    (entry): entry is [string, RouteHandler] =>
      typeof entry[1] === "function" && /^[A-Z]+$/.test(entry[0]),
  );
  // What refuses a method is no method of the path's: `run` refuses with those that are.
  return new Map(named.filter(([, handler]) => !isMethodRefusal(handler)));
}

/** A trailing slash is let pass: many clients do not resend a POST after a redirect. */
function toPattern(path: string): RegExp {
  const source = path
    .replace(/\/\[\[\.\.\.\w+\]\]/g, "(?:/(.+?))?")
    .replace(/\[\.\.\.\w+\]/g, "(.+?)")
    .replace(/\[\w+\]/g, "([^/]+)");
  return new RegExp(`^${source}/?$`);
}

function pathOf(url = "/"): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function isDecodable(path: string): boolean {
  if (!path.includes("%")) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    // Malformed percent-encoding is what is asked about here.
    return false;
  }
}
