import { assert } from "@/lib/util/assert";
import { takesGzip } from "./takes-gzip";

/** A year, the longest that anybody keeps. */
const CACHE = "public, max-age=31536000, immutable";

export type FrozenFile = {
  /** SHA-256 of its bytes, hex: the file's name for caches. */
  hash: string;
  /** Letters, digits, dots and hyphens alone. */
  name: string;
  contentType: string;
  /** It is there as gzip, too. */
  canPack?: boolean;
  /** Called where a body is wanted, for what it is as gzip or as it is. */
  open: (isPacked: boolean) => Promise<string | ReadableStream<Uint8Array>>;
};

/**
 * A file that never changes: kept by who has it, not sent again to who names it (`If-None-Match`), and sent
 * small where the client unpacks it by itself.
 */
export async function frozenReply(request: Request, file: FrozenFile): Promise<Response> {
  const { hash, name, contentType, canPack = false } = file;
  assert(/^[\w.-]{1,128}$/.test(name), "a file's name holds what a header can");
  const isPacked = canPack && takesGzip(request);
  // Other bytes on the way have another name.
  const tags = { plain: `"${hash}"`, packed: `"${hash}-gzip"` };
  const headers = new Headers({
    etag: isPacked ? tags.packed : tags.plain,
    "cache-control": CACHE,
    ...(canPack && { vary: "accept-encoding" }),
  });
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  const names = known.map((it) => it.trim().replace(/^W\//, ""));
  if (names.some((it) => it === "*" || it === tags.plain || it === tags.packed)) {
    return new Response(null, { status: 304, headers });
  }
  headers.set("content-type", contentType);
  headers.set("content-disposition", `attachment; filename="${name}"`);
  if (isPacked) headers.set("content-encoding", "gzip");
  return new Response(request.method === "HEAD" ? null : await file.open(isPacked), { headers });
}
