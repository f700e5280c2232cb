import { lightResponse } from "./light-response";

/** A JSON body with its headers; never cached, since every answer of ours is of the moment. */
export function jsonReply(value: unknown, init?: ResponseInit): Response {
  const response = lightResponse(JSON.stringify(value), init);
  response.headers.set("content-type", "application/json; charset=utf-8");
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  return response;
}

/** Done, and nothing to say. */
export function emptyReply(init?: ResponseInit): Response {
  return lightResponse(null, { status: 204, ...init });
}
