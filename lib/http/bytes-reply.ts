/**
 * Bytes that come in pieces, as they are: nothing is put between them, so that their hash stays what it is. The
 * reader sets the pace, and one that leaves ends the source.
 */
export function bytesReply(chunks: AsyncIterable<Uint8Array>, init: ResponseInit): Response {
  const iterator = chunks[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    // Nothing is read ahead of who reads.
    { highWaterMark: 0 },
  );
  return new Response(stream, init);
}
