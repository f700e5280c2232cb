import * as z from "zod";
import { reject } from "@/lib/util/refuse";

/**
 * Says that a list is too long before a union looks into it: of a union that fails, the nearest branch
 * would speak of the list's elements.
 *
 * @param mostOf how many elements such a list may have; undefined where the union itself bounds it.
 */
export function boundedList(mostOf: (list: unknown[]) => number | undefined) {
  return z.unknown().superRefine((input, context) => {
    if (!Array.isArray(input)) return;
    const most = mostOf(input);
    if (most === undefined || input.length <= most) return;
    reject(context, [], `must have at most ${most} elements; send several requests.`);
  });
}

/** Whether a list is one of texts (or of lists of ids) rather than the ids of one text. */
export function isOfTexts(list: readonly unknown[]): boolean {
  return typeof list[0] !== "number";
}
