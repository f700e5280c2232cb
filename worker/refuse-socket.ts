import type { Socket } from "node:net";
import { AppError } from "@/lib/errors";
import { toWorkerError } from "@/lib/protocol/worker-error";

/** What is no HTTP, or trickles in, is answered in our shape where an answer can still be read. */
export function refuseSocket(cause: NodeJS.ErrnoException, socket: Socket): void {
  // An earlier answer on this connection would make a second head nonsense to its reader.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const late = cause.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const message = late ? "The request took too long to arrive." : "The request is not valid HTTP.";
  const body = JSON.stringify(toWorkerError(new AppError("invalid-request", { message })));
  const status = late ? "408 Request Timeout" : "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
