import { errors } from "undici";
import { AppError, type ErrorCode } from "@/lib/errors";

/** Whether the other side was reached and then stayed silent. A connection that was never made counts as lost. */
export function isTransportTimeout(error: unknown): boolean {
  return error instanceof errors.BodyTimeoutError || error instanceof errors.HeadersTimeoutError;
}

/**
 * What broke below our own protocol: `lost` when the connection failed or broke, else
 * `upstream-invalid`, since what came was neither JSON nor in the agreed form.
 */
export function fromTransportError(cause: unknown, who: string, lost: ErrorCode): AppError {
  const code = connectionCode(cause);
  if (code !== undefined) {
    return new AppError(lost, { message: `${who} cannot be reached (${code}).`, cause });
  }
  return new AppError("upstream-invalid", { message: `${who} sent what is not expected.`, cause });
}

/** Node's or undici's code of a broken connection. undici parses HTTP itself: UND_ERR_ also names its faults there. */
function connectionCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") {
    return undefined;
  }
  const { code } = cause;
  const isSystem = /^E[A-Z0-9]+$/.test(code);
  const isSocket = code === "UND_ERR_SOCKET" || code === "UND_ERR_CONNECT_TIMEOUT";
  return isSystem || isSocket || code === "UND_ERR_CLOSED" || code === "UND_ERR_DESTROYED"
    ? code
    : undefined;
}
