import type { ServerResponse } from "node:http";
import type { AppError } from "@/lib/errors";
import { toWorkerError } from "@/lib/protocol/worker-error";

/** The one writer of errors of a worker. Call it only before the head is out. */
export function sendError(response: ServerResponse, error: AppError, status = error.status): void {
  if (response.destroyed) return;
  if (error.retryAfterSeconds !== undefined) {
    response.setHeader("retry-after", String(error.retryAfterSeconds));
  }
  if (error.code === "unauthenticated") response.setHeader("www-authenticate", "Bearer");
  sendJson(response, toWorkerError(error), status);
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": body.length,
    "cache-control": "no-store",
  });
  response.end(body);
}
