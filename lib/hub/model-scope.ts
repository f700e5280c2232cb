import * as z from "zod";
import { AppError } from "@/lib/errors";
import { HUB_FILES_MAX } from "@/lib/hub-limits";
import type { Hub, HubFile, HubOptions } from "./hub";
import { callHub } from "./hub-call";
import { toHubError } from "./hub-error";
import { encodePath, noHub, toFault, tooMany } from "./hugging-face";

export const MODEL_SCOPE_URL = "https://www.modelscope.cn";

/** `GET /api/v1/models/<repo>/repo/files`, as ModelScope's own client reads it. */
const listSchema = z.object({
  Data: z.object({
    Files: z.array(
      z.object({
        Path: z.string(),
        Type: z.string(),
        Size: z.number().int().min(0).nullish(),
        Sha256: z.string().nullish(),
        Revision: z.string().nullish(),
      }),
    ),
  }),
});
/** What it says instead, also under a status of 200. */
const refusalSchema = z.object({ Code: z.number(), Message: z.string().nullish() });

const REVISION_DEFAULT = "master";
const SHA256 = /^[0-9a-f]{64}$/;
const CODE_FINE = 200;
/** Of a hub's own words in an error of ours. */
const MESSAGE_CHARACTERS_MAX = 200;

export function modelScope({ url = MODEL_SCOPE_URL, token, retry }: HubOptions): Hub {
  const hubUrl = url.replace(/\/+$/, "");
  // Its client sends the token as a cookie of that name.
  const secrets: Record<string, string> =
    token === undefined
      ? {}
      : { authorization: `Bearer ${token}`, cookie: `m_session_id=${token}` };
  const hasToken = token !== undefined;
  return {
    name: "modelscope",
    async find(repo, revision = REVISION_DEFAULT, signal) {
      const query = new URLSearchParams({ Revision: revision, Recursive: "True" });
      const about = { repo, hubUrl, hasToken };
      let value: unknown;
      try {
        const address = `${hubUrl}/api/v1/models/${encodePath(repo)}/repo/files?${query}`;
        const reply = await callHub({ url: address, hubUrl, secrets, signal, retry });
        if (!reply.ok) throw toHubError(reply, about);
        value = await reply.json();
      } catch (error) {
        signal.throwIfAborted();
        throw toFault(error, about);
      }
      const files = readList(value, about);
      // It tells of no commit: what the files are is held by their checksums.
      return { hub: "modelscope", repo, revision, commit: revision, files };
    },
    toRequest: ({ repo, revision }, path) => ({
      url: `${hubUrl}/models/${encodePath(repo)}/resolve/${encodeURIComponent(revision)}/${encodePath(path)}`,
      ...{ headers: secrets, hubUrl, repo, hasToken },
    }),
  };
}

function readList(value: unknown, { repo, hubUrl }: { repo: string; hubUrl: string }): HubFile[] {
  const parsed = listSchema.safeParse(value);
  if (!parsed.success) {
    const refusal = refusalSchema.safeParse(value).data;
    if (refusal === undefined || refusal.Code === CODE_FINE) throw noHub(hubUrl, parsed.error);
    const words = (refusal.Message ?? "").slice(0, MESSAGE_CHARACTERS_MAX);
    throw new AppError("not-found", {
      message: `The hub at ${hubUrl} does not tell of ${repo}: ${words || `code ${refusal.Code}`}. Look at the name and the revision.`,
    });
  }
  const entries = parsed.data.Data.Files.filter(({ Type }) => Type === "blob");
  if (entries.length > HUB_FILES_MAX) throw tooMany(repo);
  return entries.map(({ Path: path, Size: bytes, Sha256: value }): HubFile => {
    const isHash = SHA256.test(value ?? "");
    const checksum = isHash ? ({ algorithm: "sha256", value: value ?? "" } as const) : undefined;
    return { path, bytes: bytes ?? 0, ...(checksum && { checksum }) };
  });
}
