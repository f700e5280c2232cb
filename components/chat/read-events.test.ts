import { expect, test } from "vitest";
import type { ConversationEvent } from "@/lib/protocol/conversation-view";
import { readEvents } from "./read-events";

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

function toBody(text: string, chunkBytes: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + chunkBytes));
      at += chunkBytes;
    },
  });
}

async function collect(body: ReadableStream<Uint8Array>): Promise<ConversationEvent[]> {
  const events: ConversationEvent[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

const DELTA = { type: "text-delta", answerId: ID, text: "Grüße 🦊" };

test("events survive any cut of the bytes", async () => {
  // The empty lines are those of a server whose model is silent for a while.
  const text = `\n${JSON.stringify(DELTA)}\n\n\n${JSON.stringify({ type: "turn-end" })}\n`;
  for (const chunkBytes of [1, 3, 7, 1_000]) {
    expect(await collect(toBody(text, chunkBytes))).toEqual([DELTA, { type: "turn-end" }]);
  }
});

test("a stream that ends early and an event of another shape are errors", async () => {
  await expect(collect(toBody(`${JSON.stringify(DELTA)}\n`, 9))).rejects.toThrow("broke");
  await expect(collect(toBody('{"type":"surprise"}\n', 9))).rejects.toThrow();
});
