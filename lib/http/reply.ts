/** A JSON body with its headers; never cached, since every answer of ours is of the moment. */
export function jsonReply(value: unknown, init?: ResponseInit): Response {
  const headers = new Headers(init?.headers);
  headers.set("content-type", "application/json; charset=utf-8");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return new Response(JSON.stringify(value), { ...init, headers });
}

/** Done, and nothing to say. */
export function emptyReply(init?: ResponseInit): Response {
  return new Response(null, { status: 204, ...init });
}
