import { createHash } from "node:crypto";
import { jsonReply } from "./reply";

/** An answer in JSON, made once and sent many times. */
export type TaggedAnswer = { json: string; tag: string };

export function toTagged(value: unknown): TaggedAnswer {
  const json = JSON.stringify(value);
  return { json, tag: `"${createHash("sha256").update(json).digest("base64url").slice(0, 22)}"` };
}

/** To be asked for again before each use, and not sent again to who has it (`If-None-Match`). */
export function taggedReply(request: Request, { json, tag }: TaggedAnswer): Response {
  const headers = { etag: tag, "cache-control": "no-cache" };
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  const isKnown = known
    .map((it) => it.trim().replace(/^W\//, ""))
    .some((it) => it === tag || it === "*");
  if (isKnown) return new Response(null, { status: 304, headers });
  return new Response(json, {
    headers: { ...headers, "content-type": "application/json; charset=utf-8" },
  });
}

/** An answer that is not there yet. */
export function pendingReply(value: unknown, retryAfterSeconds: number): Response {
  return jsonReply(value, { status: 202, headers: { "retry-after": String(retryAfterSeconds) } });
}
