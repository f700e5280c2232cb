import { createId } from "@/lib/util/id";

export const REQUEST_ID_HEADER = "x-request-id";
/** Where Anthropic's client looks for it. */
export const ANTHROPIC_REQUEST_ID_HEADER = "request-id";

/** A client's own id is kept when it can stand in a log and a header as it is; otherwise one is made. */
export function readRequestId(headers: Headers): string {
  const given = headers.get(REQUEST_ID_HEADER);
  return given !== null && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : createId();
}
