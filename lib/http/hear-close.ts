import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Answers that wait behind another one on their connection; one listener a connection is enough. */
const waiting = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Lets an answer hear that its connection has closed. Node tells only the answer that is being written:
 * one to a pipelined request, which waits for its turn, gets neither `close` nor `drain`, and its work
 * would go on for nobody.
 */
export function hearClose(socket: Socket, outgoing: ServerResponse): void {
  // Its turn has come with the request, as it nearly always does.
  if (outgoing.socket !== null) return;
  const known = waiting.get(socket);
  const queue = known ?? new Set<ServerResponse>();
  queue.add(outgoing);
  outgoing.once("close", () => queue.delete(outgoing));
  if (known) return;
  waiting.set(socket, queue);
  socket.once("close", () => {
    for (const unheard of [...queue]) {
      if (unheard.socket !== null) continue;
      unheard.destroy();
      unheard.emit("close");
    }
  });
}
