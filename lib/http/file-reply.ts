import { assert } from "@/lib/util/assert";
import { lightResponse } from "./light-response";
import { piecesReply } from "./stream-reply";

/**
 * A file to be kept and never shown as a page, whatever is in it.
 *
 * @param file its name holds letters, digits, dots and hyphens alone.
 */
export function fileReply(file: {
  name: string;
  contentType: string;
  text: string | AsyncIterable<string>;
}): Response {
  const { name, contentType, text } = file;
  assert(/^[\w.-]{1,128}$/.test(name), "a file's name holds what a header can");
  const response = typeof text === "string" ? lightResponse(text) : piecesReply(text);
  response.headers.set("content-type", contentType);
  response.headers.set("content-disposition", `attachment; filename="${name}"`);
  response.headers.set("cache-control", "no-store");
  return response;
}
