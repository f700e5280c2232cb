import { AppError } from "@/lib/errors";
import { HUB_CALL_MS_MAX, HUB_FILES_MAX, HUB_PAGES_MAX } from "@/lib/hub-limits";
import { isConnectionLost, wordsOfFault } from "./connection-fault";
import type { Hub, HubFile, HubOptions } from "./hub";
import { callHub } from "./hub-call";
import { type AboutHub, type HubAnswer, toHubError } from "./hub-error";

export const HUGGING_FACE_URL = "https://huggingface.co";
const COMMIT = /^[0-9a-f]{40}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** The hub of Hugging Face, or a mirror that speaks its protocol. */
export function huggingFace({ url = HUGGING_FACE_URL, token, retry }: HubOptions): Hub {
  const hubUrl = url.replace(/\/+$/, "");
  // The token goes by the headers: the package refuses those of mirrors, which do not begin with hf_.
  const secrets: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const hasToken = token !== undefined;
  return {
    name: "huggingface",
    async find(repo, revision = "main", signal) {
      // It is megabytes of code that only a download needs.
      const hub = await import("@huggingface/hub");
      const about = { repo, hubUrl, hasToken };
      let calls = 0;
      let refused: HubAnswer | undefined;
      const ask = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
        calls += 1;
        if (calls > HUB_PAGES_MAX) throw tooMany(repo);
        const reply = await callHub({
          ...{ url: toOwnUrl(input, hubUrl), hubUrl, secrets, signal, retry },
          headers: toHeaders(init),
        });
        if (!reply.ok) refused = reply;
        return reply;
      };
      const call = { hubUrl, revision, fetch: ask };
      try {
        const info = await hub.modelInfo({ ...call, name: repo, additionalFields: ["sha"] });
        // Files are asked for by it: a branch may move on while they come.
        if (!COMMIT.test(info.sha)) throw noHub(hubUrl);
        const files: HubFile[] = [];
        const listed = hub.listFiles({
          ...{ ...call, revision: info.sha, recursive: true },
          repo: { type: "model", name: repo },
        });
        for await (const entry of listed) {
          if (entry.type === "file") files.push(toFile(entry, hubUrl));
          if (files.length > HUB_FILES_MAX) throw tooMany(repo);
        }
        return { hub: "huggingface", repo, revision, commit: info.sha, files };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (refused) throw toHubError(refused, { ...about, cause: error });
        throw toFault(error, about);
      }
    },
    toRequest: ({ repo, commit }, path) => ({
      url: `${hubUrl}/${repo}/resolve/${encodeURIComponent(commit)}/${encodePath(path)}`,
      ...{ headers: secrets, hubUrl, repo, hasToken },
    }),
  };
}

type Entry = { path: unknown; size: unknown; oid?: unknown; lfs?: { oid: unknown; size: unknown } };

/** As the tree tells it, which the package does not look at. */
function toFile({ path, size, oid, lfs }: Entry, hubUrl: string): HubFile {
  const bytes = lfs?.size ?? size;
  if (typeof path !== "string" || !Number.isSafeInteger(bytes) || Number(bytes) < 0) {
    throw noHub(hubUrl);
  }
  const file: HubFile = { path, bytes: Number(bytes) };
  if (lfs && SHA256.test(String(lfs.oid))) {
    file.checksum = { algorithm: "sha256", value: String(lfs.oid) };
  } else if (!lfs && COMMIT.test(String(oid))) {
    file.checksum = { algorithm: "git-sha1", value: String(oid) };
  }
  return file;
}

/**
 * The address of a list's next page at the hub that was asked. A mirror hands on the public hub's addresses, or its own
 * by http where a proxy in front of it speaks https.
 */
function toOwnUrl(input: RequestInfo | URL, hubUrl: string): string {
  const url = new URL(input instanceof Request ? input.url : input);
  return url.origin === new URL(hubUrl).origin ? url.href : hubUrl + url.pathname + url.search;
}

const toHeaders = (init: RequestInit | undefined) =>
  Object.fromEntries(new Headers(init?.headers).entries());

export const encodePath = (path: string) => path.split("/").map(encodeURIComponent).join("/");

export function tooMany(repo: string): AppError {
  return new AppError("upstream-invalid", {
    message: `${repo} has more than ${HUB_FILES_MAX} files, which is no model that is served here.`,
  });
}

/** Something answers that is none. */
export function noHub(hubUrl: string, cause?: unknown): AppError {
  return new AppError("upstream-invalid", {
    message: `What answers at ${hubUrl} does not speak the hub's protocol: a proxy's or a network's sign-in page may be in between, or the address is another's.`,
    cause,
  });
}

export function toFault(error: unknown, { hubUrl }: AboutHub): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof SyntaxError) return noHub(hubUrl, error);
  const isLate = error instanceof Error && error.name === "TimeoutError";
  if (isLate) {
    return new AppError("timeout", {
      message: `The hub at ${hubUrl} did not answer within ${HUB_CALL_MS_MAX / 1_000} s.`,
      cause: error,
    });
  }
  const isFetched = error instanceof TypeError && error.message === "fetch failed";
  if (!isFetched && !isConnectionLost(error)) return noHub(hubUrl, error);
  return new AppError("upstream-invalid", {
    message: `The hub at ${hubUrl} cannot be reached: ${wordsOfFault(error)}. Look at this machine's connection (HTTPS_PROXY, where it has a proxy), or name a mirror with --hub-url.`,
    cause: error,
  });
}
