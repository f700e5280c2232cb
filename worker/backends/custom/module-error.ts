import { AppError, type ErrorCode, isAppError } from "@/lib/errors";
import { UPSTREAM_RETRY_AFTER_SECONDS_MAX } from "@/lib/upstream-limits";
import {
  toTransportError,
  toUpstreamError,
  transportCode,
  type UpstreamAbout,
} from "../upstream-error";
import type { CustomError } from "./module-interface";

/** What a module threw, in our words; the cause is kept for the log. */

/** Codes that a module may give an error; their messages are for callers. */
const OWN_CODES: readonly (ErrorCode & CustomError["code"])[] = [
  ...(["invalid-request", "unsupported-parameter", "context-length-exceeded"] as const),
  ...(["overloaded", "rate-limited", "unavailable", "timeout", "worker-lost"] as const),
];
/** Node's and undici's words for a connection that did not come about, or broke; and for an answer that is none. */
const TRANSPORT = /^(E(CONN|HOST|NET|PIPE|TIMEDOUT|AI_)|ENOTFOUND|UND_ERR_|HPE_)/;

/** @param signal of the call: once it has aborted, whatever is thrown comes of that. */
export function toModuleError(
  thrown: unknown,
  signal: AbortSignal,
  about: UpstreamAbout,
): AppError {
  if (isAppError(thrown)) return thrown;
  if (signal.aborted) return toTransportError(thrown, signal);
  const { code, param, status, retryAfterSeconds, headers, message, name } = toParts(thrown);
  const known = OWN_CODES.find((it) => it === code);
  if (known !== undefined) {
    return new AppError(known, {
      message: message === "" ? "The module behind this model refuses the request." : message,
      ...(typeof param === "string" && { param }),
      ...(isWait(retryAfterSeconds) && {
        retryAfterSeconds: Math.min(retryAfterSeconds, UPSTREAM_RETRY_AFTER_SECONDS_MAX),
      }),
      cause: thrown,
    });
  }
  if (typeof status === "number" && status >= 300 && status < 600) {
    const retryAfter = isWait(retryAfterSeconds) ? `${retryAfterSeconds}` : readHeader(headers);
    return toUpstreamError({ status, retryAfter, body: message }, about);
  }
  if (name === "TimeoutError") {
    const message = "The server behind this model took too long.";
    return new AppError("timeout", { message, cause: thrown });
  }
  if (TRANSPORT.test(transportCode(thrown)) || thrown instanceof SyntaxError) {
    return toTransportError(thrown, signal);
  }
  return new AppError("upstream-invalid", {
    message: "The module behind this model failed. The cause is in its worker's log.",
    cause:
      thrown instanceof Error ? thrown : new Error(`The module threw ${typeof thrown}, no Error.`),
  });
}

/** Whatever hangs at what was thrown. */
type Parts = { [Key in keyof CustomError]?: unknown } & { message: string; name: string };

function toParts(thrown: unknown): Parts {
  if (typeof thrown !== "object" || thrown === null) return { message: "", name: "" };
  const { message, name } = thrown as { message?: unknown; name?: unknown };
  const { code, param, status, retryAfterSeconds, headers } = thrown as Record<string, unknown>;
  return {
    ...{ code, param, status, retryAfterSeconds, headers },
    message: typeof message === "string" ? message : "",
    name: typeof name === "string" ? name : "",
  };
}

function isWait(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

function readHeader(headers: unknown): string | undefined {
  if (headers instanceof Headers) return headers.get("retry-after") ?? undefined;
  if (typeof headers !== "object" || headers === null) return undefined;
  const value = (headers as Record<string, unknown>)["retry-after"];
  return typeof value === "string" ? value : undefined;
}
