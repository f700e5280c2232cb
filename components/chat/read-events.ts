import { EVENT_BYTES_MAX, PAGE_SILENCE_MS_MAX } from "@/lib/limits";
import type { ConversationEvent } from "@/lib/protocol/conversation-view";
import { readJsonLines } from "@/lib/util/json-lines";
import { loadConversationViews } from "../load-conversation-views";
import { RequestError } from "../request-json";

/** Safari's streams are not async iterable. Silence beyond the limit counts as a broken connection. */
async function* readChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new RequestError("timeout", "The server fell silent.")),
          PAGE_SILENCE_MS_MAX,
        );
      });
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() =>
        clearTimeout(timer),
      );
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The events of a turn, each checked. A stream that ends before `turn-end` throws. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ConversationEvent> {
  const { conversationEventSchema } = await loadConversationViews();
  for await (const line of readJsonLines(readChunks(body), EVENT_BYTES_MAX)) {
    const event = conversationEventSchema.parse(line);
    yield event;
    if (event.type === "turn-end") return;
  }
  throw new RequestError("unreachable", "The connection broke before the answer was complete.");
}
