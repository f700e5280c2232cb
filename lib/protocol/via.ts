import * as z from "zod";
import { AppError } from "@/lib/errors";
import { PARLEYS_MAX } from "@/lib/fleet-limits";

/**
 * Who passed a request on, the first being the one that was asked: installations, and lives of workers that stand
 * before another server (a platform may stand behind itself by one of those). A header, since every call of the
 * worker protocol may come by way of others, and none of them is about it.
 */
export type Via = readonly string[];

export const VIA_HEADER = "parley-via";

const viaSchema = z.array(z.uuid());

export function toViaHeader(via: Via): string {
  return via.join(",");
}

/** @throws AppError `invalid-request` for what is no such list, `upstream-invalid` when it is too long. */
export function readVia(headers: Headers): Via {
  const header = headers.get(VIA_HEADER);
  if (header === null) return [];
  const parsed = viaSchema.safeParse(header.split(",").map((id) => id.trim()));
  if (!parsed.success) {
    throw new AppError("invalid-request", {
      message: `The header ${VIA_HEADER} must be a list of installations' ids, separated by commas.`,
    });
  }
  if (parsed.data.length <= PARLEYS_MAX) return parsed.data;
  // Of no use here, and not the client's fault: another way may be shorter.
  throw new AppError("upstream-invalid", {
    message: `The request came by way of more than ${PARLEYS_MAX} Parleys. Let fewer register one at another in a row.`,
  });
}

/**
 * The same of a caller of the API, who may be a worker's backend, or anybody: undefined for what is no such list.
 *
 * @throws AppError `loop-detected` for one that is too long.
 */
export function readCallersVia(headers: Headers): Via | undefined {
  const header = headers.get(VIA_HEADER);
  if (header === null) return undefined;
  const parsed = viaSchema.safeParse(header.split(",").map((id) => id.trim()));
  if (!parsed.success) return undefined;
  if (parsed.data.length <= PARLEYS_MAX) return parsed.data;
  throw new AppError("loop-detected", {
    message: `The request came by way of more than ${PARLEYS_MAX} workers and platforms. Let fewer stand before one another in a row.`,
  });
}
