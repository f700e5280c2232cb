import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A hub of models in Hugging Face's protocol (its API's OpenAPI description: model info, trees, resolve) and in
 * ModelScope's (`repo/files`, `resolve`), with one repository of files that a test gives.
 */

export type HubFiles = Record<string, Uint8Array>;

export type HubFaults = {
  /** Each answer with a file's bytes ends after so many of them. */
  cutAfterBytes?: number;
  /** Answers that break in the middle of a file before one does not. */
  breaks?: number;
  /** It knows no ranges. */
  hasNoRanges?: boolean;
  /** Answers of files that fail with 503 before one succeeds. */
  failures?: number;
  /** Bytes of files are others than their checksums say. */
  isDamaged?: boolean;
  /** No byte comes after the head. */
  isSilent?: boolean;
  /** Statuses that files are answered with, one after the other, before one succeeds. */
  statuses?: number[];
  /** The same of questions about the model. */
  callStatuses?: number[];
  /** Sent with each of those. */
  retryAfter?: string;
  /** Answers of files that are a page of HTML with 200, as of a network that wants a sign-in first. */
  portals?: number;
  /** All answers are. */
  isPortal?: boolean;
  /** Ranges are answered from another byte on. */
  rangeOffset?: number;
  /** Ranges are answered with 416. */
  refusesRanges?: boolean;
  /** Answers of files end after so many bytes with the length told for all: the connection breaks. */
  breakAfterBytes?: number;
  /** More bytes come than there are, without a length. */
  extraBytes?: number;
  /** A length is told, and bytes sent, that are fewer than the file's. */
  missingBytes?: number;
  /** Where files are sent to instead; `loop` to themselves. */
  redirect?: string;
  /** Where the list's next page is said to be: an origin. */
  linkOrigin?: string;
  /** The list's pages never end. */
  isEndless?: boolean;
  /** The list is longer than so many bytes, of blanks. */
  listBytes?: number;
};

export type HubServer = {
  url: string;
  /** What was asked for files: path, range, and whether a token came along. */
  readonly asked: {
    path: string;
    range: string | undefined;
    hasToken: boolean;
    encoding: string | undefined;
  }[];
  /** Questions about the model: their paths, and whether a token came along. */
  readonly calls: { path: string; hasToken: boolean }[];
  /** What the repository holds from now on, as a later commit. */
  push(files: HubFiles): void;
  faults: HubFaults;
  close(): Promise<void>;
};

export type HubServerOptions = {
  repo: string;
  files: HubFiles;
  /** Files from so many bytes on are LFS, as on the hub. */
  lfsFromBytes?: number;
  /** Whoever has no such token is refused. */
  token?: string;
  /** Everyone may look, and only the account of that token may have files. */
  gatedTo?: string;
  /** Entries of a page of the list. */
  pageEntries?: number;
  /** Base URL of the host that files of LFS are sent from; absent: the hub itself. */
  cdn?: string;
};

const BREAK_AFTER_MS = 30;
const FIRST_COMMIT = "5f0b02c75b57c5855da9ae460ce51323ea669d8a";
const toCommit = (index: number) =>
  index === 0 ? FIRST_COMMIT : createHash("sha1").update(`commit ${index}`).digest("hex");

export async function startHub(options: HubServerOptions): Promise<HubServer> {
  const states: HubFiles[] = [options.files];
  const server = createServer((request, response) => {
    if (hub.faults.isPortal) sendPortal(response);
    else answer(hub, { ...options, states }, { request, response });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const hub: HubServer = {
    ...{ url: `http://127.0.0.1:${port}`, asked: [], calls: [], faults: {} },
    push: (files) => {
      states.push(files);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hub;
}

type Exchange = { request: IncomingMessage; response: ServerResponse };
/** The repository's commits, oldest first. */
type Repository = HubServerOptions & { states: HubFiles[] };

function answer(hub: HubServer, repository: Repository, exchange: Exchange): void {
  const { repo, token, gatedTo } = repository;
  const { request, response } = exchange;
  const { authorization } = request.headers;
  const url = new URL(request.url ?? "/", hub.url);
  const path = decodeURIComponent(url.pathname);
  // What lies behind a redirection is signed, and wants no token.
  const isSigned = path.startsWith("/cdn/");
  if (token !== undefined && !isSigned && authorization !== `Bearer ${token}`) {
    sendError(response, 401, { code: "RepoNotFound", message: "Invalid username or password." });
    return;
  }
  if (path.startsWith("/api/")) {
    answerCall(hub, repository, { ...exchange, url });
    return;
  }
  if (gatedTo !== undefined && !isSigned && authorization !== `Bearer ${gatedTo}`) {
    const status = authorization === undefined ? 401 : 403;
    sendError(response, status, { code: "GatedRepo", message: "Access is restricted." });
    return;
  }
  const [, kind, revision = "", file = ""] =
    new RegExp(`^/(models/|cdn/|)${toPattern(repo)}/resolve/([^/]+)/(.+)$`).exec(path) ?? [];
  const bytes = findState(repository, revision)?.[file];
  const { redirect } = hub.faults;
  if (bytes === undefined) sendError(response, 404, { code: "EntryNotFound", message: "none" });
  else if (redirect !== undefined && !isSigned) {
    const location = redirect === "loop" ? url.pathname : `${redirect}${url.pathname}`;
    response.writeHead(302, { location }).end();
  } else if (kind === "" && isLfs(bytes, repository)) {
    const location = `${repository.cdn ?? ""}/cdn/${repo}/resolve/${revision}/${file}`;
    response
      .writeHead(302, { location, "x-linked-size": bytes.length, "x-linked-etag": sha256(bytes) })
      .end();
  } else sendFile(hub, { path: file, bytes }, exchange);
}

function answerCall(
  hub: HubServer,
  repository: Repository,
  { request, response, url }: Exchange & { url: URL },
): void {
  const { repo } = repository;
  const path = decodeURIComponent(url.pathname);
  const { callStatuses, retryAfter, listBytes } = hub.faults;
  hub.calls.push({ path, hasToken: request.headers.authorization !== undefined });
  const status = callStatuses?.shift();
  if (status !== undefined) {
    response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
    return;
  }
  const [, name = "", what, revision = ""] =
    /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(path) ?? [];
  const state = findState(repository, revision);
  if (path === `/api/v1/models/${repo}/repo/files`) {
    const files = findState(repository, url.searchParams.get("Revision") ?? "master") ?? {};
    sendJson(response, { Code: 200, Success: true, Data: { Files: toModelScope(files) } });
  } else if (path.startsWith("/api/v1/")) {
    const Message = "Record does not exist";
    sendJson(response, { Code: 10_010_205_001, Success: false, Message, Data: null }, 404);
  } else if (name !== repo) {
    sendError(response, 404, { code: "RepoNotFound", message: "Repository not found" });
  } else if (state === undefined) {
    sendError(response, 404, { code: "RevisionNotFound", message: `Invalid rev id: ${revision}` });
  } else if (what === "revision") {
    const latest = toCommit(repository.states.length - 1);
    sendJson(response, toInfo(repo, revision === "main" ? latest : revision));
  } else {
    if (listBytes !== undefined) response.write(" ".repeat(listBytes));
    sendTree(hub, { ...repository, files: state }, { response, url });
  }
}

function sendTree(
  { url: hubUrl, faults }: HubServer,
  options: HubServerOptions,
  { response, url }: { response: ServerResponse; url: URL },
): void {
  const all = toTree(options);
  const { pageEntries = all.length } = options;
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const isLast = from + pageEntries >= all.length && !faults.isEndless;
  if (!response.headersSent && !isLast) {
    const next = new URL(url.pathname + url.search, faults.linkOrigin ?? hubUrl);
    next.searchParams.set("cursor", String(from + pageEntries));
    response.setHeader("link", `<${next.href}>; rel="next"`);
  }
  sendJson(response, all.slice(from, from + pageEntries));
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  if (!response.headersSent) response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendError(
  response: ServerResponse,
  status: number,
  { code, message }: { code: string; message: string },
): void {
  response.setHeader("x-error-code", code).setHeader("x-error-message", message);
  sendJson(response, { error: message }, status);
}

function sendPortal(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  // Of no length told, as pages that are made on the way.
  response.write("<!doctype html><title>Sign in</title>");
  response.end("<p>Welcome to our network.</p>");
}

function findState({ states }: Repository, revision: string): HubFiles | undefined {
  if (revision === "main" || revision === "master") return states.at(-1);
  return states.find((_, index) => toCommit(index) === revision);
}

function sendFile(
  hub: HubServer,
  { path, bytes }: { path: string; bytes: Uint8Array },
  { request, response }: Exchange,
): void {
  const { faults } = hub;
  const { range, authorization, "accept-encoding": encoding } = request.headers;
  hub.asked.push({ path, range, hasToken: authorization !== undefined, encoding });
  const status = faults.statuses?.shift() ?? (take(faults, "failures") ? 503 : undefined);
  if (status !== undefined) {
    const { retryAfter } = faults;
    response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
    return;
  }
  if (take(faults, "portals")) {
    sendPortal(response);
    return;
  }
  const wanted = faults.hasNoRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (wanted > 0 && faults.refusesRanges) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  const from = wanted > 0 ? wanted + (faults.rangeOffset ?? 0) : 0;
  const body = bytes.slice(from, bytes.length - (faults.missingBytes ?? 0));
  if (faults.isDamaged && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
  if (from > 0) {
    response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
  }
  const type = path.endsWith(".json") ? "text/plain; charset=utf-8" : "application/octet-stream";
  response.setHeader("content-type", type).setHeader("accept-ranges", "bytes");
  response.setHeader("etag", `"${sha256(bytes)}"`);
  sendBody(faults, body, response.writeHead.bind(response, from > 0 ? 206 : 200), response);
}

function sendBody(
  faults: HubFaults,
  body: Uint8Array,
  writeHead: (headers: Record<string, number>) => void,
  response: ServerResponse,
): void {
  const { cutAfterBytes, breakAfterBytes, extraBytes } = faults;
  const isCut = cutAfterBytes !== undefined && body.length > cutAfterBytes;
  const told = isCut ? body.subarray(0, cutAfterBytes) : body;
  // Of one that is cut no length is told, as by proxies that lose their upstream and end in good order: a
  // connection that breaks takes what its reader has not looked at with it, more or less by chance.
  writeHead(isCut || extraBytes !== undefined ? {} : { "content-length": told.length });
  if (faults.isSilent) response.flushHeaders();
  else if (breakAfterBytes !== undefined && body.length > breakAfterBytes) {
    // A client drops what it has not read when its connection breaks: most of this it has read by then.
    const end = () => setTimeout(() => response.destroy(), BREAK_AFTER_MS);
    response.write(told.subarray(0, breakAfterBytes), end);
  } else if (take(faults, "breaks")) {
    response.write(told.subarray(0, told.length / 2), () => response.destroy());
  } else if (extraBytes !== undefined) {
    response.write(told);
    response.end(new Uint8Array(extraBytes));
  } else response.end(told);
}

/** One of a number of answers that go wrong. */
function take(faults: HubFaults, name: "failures" | "breaks" | "portals"): boolean {
  const left = faults[name] ?? 0;
  if (left > 0) faults[name] = left - 1;
  return left > 0;
}

const toPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const isLfs = (bytes: Uint8Array, { lfsFromBytes = 10_000 }: HubServerOptions) =>
  bytes.length >= lfsFromBytes;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function toInfo(repo: string, sha: string) {
  return {
    ...{ _id: "0123456789abcdef01234567", id: repo, modelId: repo, sha, private: false },
    ...{ gated: false, downloads: 1, likes: 1, lastModified: "2026-01-01T00:00:00.000Z" },
  };
}

function toTree(options: HubServerOptions) {
  return Object.entries(options.files).map(([path, bytes]) => {
    const size = bytes.length;
    const git = createHash("sha1").update(`blob ${size}\0`).update(bytes).digest("hex");
    const lfs = { oid: sha256(bytes), size, pointerSize: 130 };
    return { type: "file", path, size, oid: git, ...(isLfs(bytes, options) && { lfs }) };
  });
}

function toModelScope(files: HubFiles) {
  return Object.entries(files).map(([Path, bytes]) => {
    return { Path, Name: Path, Type: "blob", Size: bytes.length, Sha256: sha256(bytes) };
  });
}
