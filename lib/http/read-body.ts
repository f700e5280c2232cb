import type { IncomingMessage } from "node:http";

export type BodyLimit = { bytesMax: number; tooLarge: () => Error };

/**
 * All bytes of a request's body; what goes beyond the limit is left unread, and the socket open, since the
 * refusal is to be written to it. An iterator over the stream makes promises and listeners for each piece.
 *
 * @throws Error of `tooLarge`, or the one with which the body broke off
 */
export function readBody(
  incoming: IncomingMessage,
  { bytesMax, tooLarge }: BodyLimit,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = () => {
      incoming.off("data", onData);
      incoming.off("end", onEnd);
      incoming.off("error", onBroken);
      incoming.off("close", onBroken);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size <= bytesMax) return;
      settle();
      incoming.pause();
      reject(tooLarge());
    };
    const onEnd = () => {
      settle();
      const [first] = chunks;
      resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
    };
    const onBroken = (cause?: Error) => {
      settle();
      reject(cause ?? new Error("The connection was closed in the middle of the body."));
    };
    if (incoming.readableEnded) return onEnd();
    if (incoming.destroyed) return onBroken();
    incoming.on("data", onData);
    incoming.on("end", onEnd);
    incoming.on("error", onBroken);
    incoming.on("close", onBroken);
  });
}
