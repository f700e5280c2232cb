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
};

export type HubServer = {
  url: string;
  /** What was asked for files: path, range, and whether a token came along. */
  readonly asked: { path: string; range: string | undefined; hasToken: boolean }[];
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
};

const COMMIT = "5f0b02c75b57c5855da9ae460ce51323ea669d8a";

export async function startHub(options: HubServerOptions): Promise<HubServer> {
  const server = createServer((request, response) => answer(hub, options, { request, response }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const hub: HubServer = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    faults: {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hub;
}

type Exchange = { request: IncomingMessage; response: ServerResponse };

function answer(hub: HubServer, options: HubServerOptions, { request, response }: Exchange): void {
  const { repo, files, token } = options;
  const url = new URL(request.url ?? "/", hub.url);
  const path = decodeURIComponent(url.pathname);
  const sendJson = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  // What lies behind a redirection is signed, and wants no token.
  const isSigned = path.startsWith("/cdn/");
  if (token !== undefined && !isSigned && request.headers.authorization !== `Bearer ${token}`) {
    sendJson(401, { error: "Access to this model is restricted." });
    return;
  }
  const [, name = "", revision = ""] =
    /^\/api\/models\/([^/]+\/[^/]+)\/(?:revision|tree)\/([^/]+)/.exec(path) ?? [];
  if (path.startsWith(`/api/models/${repo}/revision/`)) {
    if (revision !== "main" && revision !== COMMIT) sendJson(404, { error: "no such revision" });
    else sendJson(200, toInfo(repo));
  } else if (path.startsWith(`/api/models/${repo}/tree/`)) {
    sendJson(200, toTree(options));
  } else if (name === "" && path === `/api/v1/models/${repo}/repo/files`) {
    sendJson(200, { Code: 200, Data: { Files: toModelScope(files) } });
  } else {
    const [, kind, file = ""] =
      new RegExp(`^/(models/|cdn/|)${toPattern(repo)}/(?:resolve/[^/]+/)?(.+)$`).exec(path) ?? [];
    const bytes = files[file];
    if (bytes === undefined) sendJson(404, { error: "Repository not found" });
    else if (kind === "" && isLfs(bytes, options)) {
      response.writeHead(302, { location: `/cdn/${repo}/${file}` }).end();
    } else sendFile(hub, { path: file, bytes }, { request, response });
  }
}

function sendFile(
  hub: HubServer,
  { path, bytes }: { path: string; bytes: Uint8Array },
  { request, response }: Exchange,
): void {
  const { faults } = hub;
  const { range, authorization } = request.headers;
  hub.asked.push({ path, range, hasToken: authorization !== undefined });
  if (faults.failures !== undefined && faults.failures > 0) {
    faults.failures -= 1;
    response.writeHead(503).end();
    return;
  }
  const from = faults.hasNoRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  const body = bytes.slice(from);
  if (faults.isDamaged && body.length > 0) body[0] = (body[0] ?? 0) ^ 1;
  const isCut = faults.cutAfterBytes !== undefined && body.length > faults.cutAfterBytes;
  const told = isCut ? body.subarray(0, faults.cutAfterBytes) : body;
  // Of one that is cut no length is told, as by proxies that lose their upstream and end in good order: a
  // connection that breaks takes what its reader has not looked at with it, more or less by chance.
  const length = isCut ? {} : { "content-length": told.length };
  response.writeHead(from > 0 ? 206 : 200, { "accept-ranges": "bytes", ...length });
  if (faults.isSilent) response.flushHeaders();
  else if (faults.breaks !== undefined && faults.breaks > 0) {
    faults.breaks -= 1;
    response.write(told.subarray(0, told.length / 2), () => response.destroy());
  } else response.end(told);
}

const toPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const isLfs = (bytes: Uint8Array, { lfsFromBytes = 10_000 }: HubServerOptions) =>
  bytes.length >= lfsFromBytes;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function toInfo(repo: string) {
  return {
    ...{ _id: "0123456789abcdef01234567", id: repo, modelId: repo, sha: COMMIT, private: false },
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
