import { toAppError } from "@/lib/errors";
import type { GenerationEvent } from "@/lib/protocol/generate-event";
import { AsyncQueue } from "@/lib/util/async-queue";

/** Of which answer an event tells: 0 for the first. */
export type ChoiceEvent = { choice: number; event: GenerationEvent };

/**
 * What several generations tell, as it comes. A failure is told as the last event and ends all; so does
 * who stops reading.
 *
 * @param work ends when all have; `leave` tells it that nobody reads any more.
 */
export function mergeChoices(
  leave: AbortController,
  work: (push: (entry: ChoiceEvent) => void) => Promise<unknown>,
): AsyncIterable<ChoiceEvent> {
  const queue = new AsyncQueue<ChoiceEvent>();
  void work((entry) => queue.push(entry))
    .catch((thrown: unknown) => queue.push({ choice: 0, event: toErrorEvent(thrown) }))
    .finally(() => queue.end());
  const events = readUntilLeft(queue, leave);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events.next(),
      // At once, also while the next event is being waited for.
      return() {
        leave.abort();
        return events.return(undefined);
      },
    }),
  };
}

function toErrorEvent(thrown: unknown): GenerationEvent {
  const { code, message, param, retryable } = toAppError(thrown);
  const event = { type: "generation-error" as const, code, message, retryable };
  return param === undefined ? event : { ...event, param };
}

async function* readUntilLeft(
  queue: AsyncQueue<ChoiceEvent>,
  leave: AbortController,
): AsyncGenerator<ChoiceEvent, undefined> {
  try {
    for await (const entry of queue) {
      yield entry;
      if (entry.event.type === "generation-error") return undefined;
    }
  } finally {
    leave.abort();
  }
  return undefined;
}
