import type { IncomingHttpHeaders } from "node:http";

/**
 * How the answer to a generation is wanted: `whole` by who tells it to nobody before its end, so that lines
 * may wait for each other. A header, which a worker that does not know it passes over: the answer is the
 * same, in more pieces.
 */
export const DELIVERY_HEADER = "parley-delivery";
export const WHOLE_DELIVERY = "whole";

export function isWholeDelivery(headers: IncomingHttpHeaders): boolean {
  return headers[DELIVERY_HEADER] === WHOLE_DELIVERY;
}

/**
 * Sent by who wants to hear of waits before the answer starts (`generation-waiting`): another reader, such as a
 * web process of an older version, would take their lines for no events.
 */
export const WAITS_HEADER = "parley-waits";
export const TOLD_WAITS = "told";

export function wantsWaits(headers: IncomingHttpHeaders): boolean {
  return headers[WAITS_HEADER] === TOLD_WAITS;
}
