import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { jsonReply } from "./reply";
import { takesGzip } from "./takes-gzip";

/** Shorter ones fit in one packet as they are. */
const PACKED_CHARACTERS_MIN = 1_024;

/** An answer in JSON, made once and sent many times. */
export type TaggedAnswer = {
  json: string;
  tag: string;
  /** As gzip, once somebody has asked for it so; absent: nobody has. */
  packed?: Promise<Uint8Array<ArrayBuffer>>;
};

const toGzip = promisify(gzip);

export function toTagged(value: unknown): TaggedAnswer {
  const json = JSON.stringify(value);
  return { json, tag: `"${createHash("sha256").update(json).digest("base64url").slice(0, 22)}"` };
}

/**
 * To be asked for again before each use, and not sent again to who has it (`If-None-Match`). Where the client
 * unpacks by itself it is sent small: a board of 200 models is 90 kB of names and digits, and 14 kB as gzip,
 * made once for all who ask.
 */
export async function taggedReply(request: Request, answer: TaggedAnswer): Promise<Response> {
  const { json, tag } = answer;
  const isPacked = json.length >= PACKED_CHARACTERS_MIN && takesGzip(request);
  // Other bytes on the way have another name.
  const packedTag = tag.replace(/"$/, '-gzip"');
  const headers = {
    ...{ etag: isPacked ? packedTag : tag, "cache-control": "no-cache" },
    vary: "accept-encoding",
  };
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  const isKnown = known
    .map((it) => it.trim().replace(/^W\//, ""))
    .some((it) => it === tag || it === packedTag || it === "*");
  if (isKnown) return new Response(null, { status: 304, headers });
  const typed = { ...headers, "content-type": "application/json; charset=utf-8" };
  if (!isPacked) return new Response(json, { headers: typed });
  answer.packed ??= toGzip(json).then((bytes) => Uint8Array.from(bytes));
  const body = await answer.packed;
  return new Response(body, { headers: { ...typed, "content-encoding": "gzip" } });
}

/** An answer that is not there yet. */
export function pendingReply(value: unknown, retryAfterSeconds: number): Response {
  return jsonReply(value, { status: 202, headers: { "retry-after": String(retryAfterSeconds) } });
}
