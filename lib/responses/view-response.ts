import type { OutputItem } from "@/lib/openai/responses/item";
import type { ResponseObject } from "@/lib/openai/responses/response-object";
import { replay } from "./event-log";
import type { StoredResponse } from "./store";

/** What a stored response has said; of one that is under way or was cut off, what its log tells. */
export function outputOf(stored: StoredResponse): OutputItem[] {
  if (stored.output.length > 0 || !stored.isBackground) return stored.output;
  return replay(stored).response.output;
}

export function viewResponse(stored: StoredResponse): ResponseObject {
  return { ...stored.body, output: outputOf(stored) };
}
