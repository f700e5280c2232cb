import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { KEEP_ALIVE_MS, REQUEST_HEADERS_MS_MAX, REQUEST_MS_MAX } from "@/lib/limits";

export type HttpLimits = {
  headersMsMax: number;
  /** Headers and body together. */
  requestMsMax: number;
  keepAliveMs: number;
  /** Node looks for overdue requests this often; its default of 30 s would double the limits above. */
  checkIntervalMs: number;
};

export const HTTP_LIMITS: HttpLimits = {
  headersMsMax: REQUEST_HEADERS_MS_MAX,
  requestMsMax: REQUEST_MS_MAX,
  keepAliveMs: KEEP_ALIVE_MS,
  checkIntervalMs: 2_000,
};

/** A server that waits for no client for ever, and tells in words those whose bytes are no request. */
export function createHttpServer(limits: HttpLimits = HTTP_LIMITS): Server {
  const server = createServer({
    headersTimeout: limits.headersMsMax,
    requestTimeout: limits.requestMsMax,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
  });
  server.on("clientError", refuseMalformed);
  return server;
}

/**
 * Bytes that are no HTTP never become a request, so this answer is written by hand. Its path is not
 * known, so that the object is one which OpenAI's clients and our pages both read.
 */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, message } = REFUSALS[error.code ?? ""] ?? MALFORMED;
  const code = "invalid-request";
  const body = JSON.stringify({
    error: { message, type: "invalid_request_error", param: null, code },
  });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

const MALFORMED = {
  status: "400 Bad Request",
  message: "The server could not read this request: it is not well-formed HTTP/1.1.",
};

const REFUSALS: Record<string, typeof MALFORMED> = {
  HPE_HEADER_OVERFLOW: {
    status: "431 Request Header Fields Too Large",
    message: "The server could not read this request: its headers are too large; send fewer.",
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: "408 Request Timeout",
    message: "The server could not read this request: it was not whole in time; send it again.",
  },
};
