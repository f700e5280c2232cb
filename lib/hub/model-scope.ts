import * as z from "zod";
import { AppError } from "@/lib/errors";
import { HUB_CALL_MS_MAX, HUB_FILES_MAX } from "@/lib/hub-limits";
import type { Hub, HubFile, HubOptions } from "./hub";
import { toHubError } from "./hub-error";
import { encodePath, tooMany, unreachableHub } from "./hugging-face";

export const MODEL_SCOPE_URL = "https://www.modelscope.cn";

/** `GET /api/v1/models/<repo>/repo/files`, as ModelScope's own client reads it. */
const listSchema = z.object({
  Data: z.object({
    Files: z.array(
      z.object({
        Path: z.string(),
        Type: z.string(),
        Size: z.number().nullish(),
        Sha256: z.string().nullish(),
        Revision: z.string().nullish(),
      }),
    ),
  }),
});

const REVISION_DEFAULT = "master";
const SHA256 = /^[0-9a-f]{64}$/;

export function modelScope({ url = MODEL_SCOPE_URL, token }: HubOptions): Hub {
  const hubUrl = url.replace(/\/+$/, "");
  // Its client sends the token as a cookie of that name.
  const headers: Record<string, string> =
    token === undefined
      ? {}
      : { authorization: `Bearer ${token}`, cookie: `m_session_id=${token}` };
  return {
    name: "modelscope",
    async find(repo, revision = REVISION_DEFAULT, signal) {
      const query = new URLSearchParams({ Revision: revision, Recursive: "True" });
      const limit = AbortSignal.any([signal, AbortSignal.timeout(HUB_CALL_MS_MAX)]);
      let value: unknown;
      try {
        const address = `${hubUrl}/api/v1/models/${encodePath(repo)}/repo/files?${query}`;
        const reply = await fetch(address, { headers, signal: limit });
        if (!reply.ok) {
          throw toHubError(reply.status, { repo, hubUrl, hasToken: token !== undefined });
        }
        value = await reply.json();
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof AppError ? error : unreachableHub(hubUrl, error);
      }
      const parsed = listSchema.safeParse(value);
      if (!parsed.success) {
        const message = `The hub at ${hubUrl} told of ${repo} in a form that is not ModelScope's.`;
        throw new AppError("upstream-invalid", { message, cause: parsed.error });
      }
      const entries = parsed.data.Data.Files.filter(({ Type }) => Type === "blob");
      if (entries.length > HUB_FILES_MAX) throw tooMany(repo);
      const files = entries.map(({ Path: path, Size: bytes, Sha256: value = "" }): HubFile => {
        const checksum = SHA256.test(value ?? "")
          ? ({ algorithm: "sha256", value: value ?? "" } as const)
          : undefined;
        return { path, bytes: bytes ?? 0, ...(checksum && { checksum }) };
      });
      // It tells of no commit: what the files are is held by their checksums.
      return { hub: "modelscope", repo, revision, commit: revision, files };
    },
    toRequest: ({ repo, revision }, path) => ({
      url: `${hubUrl}/models/${encodePath(repo)}/resolve/${encodeURIComponent(revision)}/${encodePath(path)}`,
      headers,
    }),
  };
}
