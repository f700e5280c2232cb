import { AppError } from "@/lib/errors";
import { HUB_CALL_MS_MAX, HUB_FILES_MAX } from "@/lib/hub-limits";
import type { Hub, HubFile, HubOptions } from "./hub";
import { toHubError } from "./hub-error";

export const HUGGING_FACE_URL = "https://huggingface.co";

/** The hub of Hugging Face, or a mirror that speaks its protocol. */
export function huggingFace({ url = HUGGING_FACE_URL, token }: HubOptions): Hub {
  const hubUrl = url.replace(/\/+$/, "");
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    name: "huggingface",
    async find(repo, revision = "main", signal) {
      // It is megabytes of code that only a download needs.
      const hub = await import("@huggingface/hub");
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HUB_CALL_MS_MAX)]);
      const call = {
        ...{ hubUrl, revision },
        // The token goes by the headers: the package refuses those of mirrors, which do not begin with hf_.
        fetch: (input: RequestInfo | URL, init?: RequestInit) =>
          fetch(input, { ...init, headers: { ...toHeaders(init), ...headers }, signal: limit }),
      };
      try {
        const info = await hub.modelInfo({ ...call, name: repo, additionalFields: ["sha"] });
        const files: HubFile[] = [];
        const listed = hub.listFiles({
          ...{ ...call, revision: info.sha, recursive: true },
          repo: { type: "model", name: repo },
        });
        for await (const { type, path, size, oid, lfs } of listed) {
          if (type !== "file") continue;
          const checksum = lfs
            ? ({ algorithm: "sha256", value: lfs.oid } as const)
            : oid && ({ algorithm: "git-sha1", value: oid } as const);
          files.push({ path, bytes: lfs?.size ?? size, ...(checksum && { checksum }) });
          if (files.length > HUB_FILES_MAX) throw tooMany(repo);
        }
        return { hub: "huggingface", repo, revision, commit: info.sha, files };
      } catch (error) {
        throw toFault(error, { repo, hubUrl, hasToken: token !== undefined, signal });
      }
    },
    toRequest: ({ repo, commit }, path) => ({
      url: `${hubUrl}/${repo}/resolve/${encodeURIComponent(commit)}/${encodePath(path)}`,
      headers,
    }),
  };
}

const toHeaders = (init: RequestInit | undefined) =>
  Object.fromEntries(new Headers(init?.headers).entries());

export const encodePath = (path: string) => path.split("/").map(encodeURIComponent).join("/");

export function tooMany(repo: string): AppError {
  return new AppError("upstream-invalid", {
    message: `${repo} has more than ${HUB_FILES_MAX} files, which is no model that is served here.`,
  });
}

type About = { repo: string; hubUrl: string; hasToken: boolean; signal: AbortSignal };

function toFault(error: unknown, about: About): unknown {
  if (about.signal.aborted) return about.signal.reason;
  if (error instanceof AppError) return error;
  if (error instanceof Error && "statusCode" in error) {
    return toHubError(Number(error.statusCode), { ...about, cause: error });
  }
  return unreachableHub(about.hubUrl, error);
}

export function unreachableHub(hubUrl: string, cause: unknown): AppError {
  const isLate = cause instanceof Error && cause.name === "TimeoutError";
  return new AppError(isLate ? "timeout" : "upstream-invalid", {
    message: isLate
      ? `The hub at ${hubUrl} did not answer within ${HUB_CALL_MS_MAX / 1_000} s.`
      : `The hub at ${hubUrl} cannot be reached. Look at this machine's connection, or name a mirror with --hub-url.`,
    cause,
  });
}
