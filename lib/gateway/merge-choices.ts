import { toAppError } from "@/lib/errors";
import { EVENTS_READ_AHEAD_MAX } from "@/lib/limits";
import type { GenerationEvent } from "@/lib/protocol/generate-event";
import { AsyncQueue } from "@/lib/util/async-queue";

/** Of which answer an event tells: 0 for the first. */
export type ChoiceEvent = { choice: number; event: GenerationEvent };

/** Resolves when there is room for the next one. */
export type Push = (entry: ChoiceEvent) => Promise<void> | undefined;

/**
 * What several generations tell, as it comes, at the pace of who reads it. A failure is told as the last
 * event and ends all; so does who stops reading.
 *
 * @param work ends when all have; `leave` tells it that nobody reads any more. It has to await what `push`
 * gives: a reader that takes nothing would else have the web process hold all answers.
 */
export function mergeChoices(
  leave: AbortController,
  work: (push: Push) => Promise<unknown>,
): AsyncIterable<ChoiceEvent> {
  const queue = new AsyncQueue<ChoiceEvent>();
  const room = new Room();
  void work((entry) => {
    queue.push(entry);
    return room.take();
  })
    .catch((thrown: unknown) => queue.push({ choice: 0, event: toErrorEvent(thrown) }))
    .finally(() => queue.end());
  const end = () => {
    leave.abort();
    room.open();
  };
  const events = readUntilLeft(queue, { room, end });
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events.next(),
      // At once, also while the next event is being waited for.
      return() {
        end();
        return events.return(undefined);
      },
    }),
  };
}

/** For events that nobody has read yet. */
class Room {
  #held = 0;
  #isOpen = false;
  readonly #waiting: (() => void)[] = [];

  take(): Promise<void> | undefined {
    this.#held += 1;
    if (this.#isOpen || this.#held < EVENTS_READ_AHEAD_MAX) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  giveBack(): void {
    this.#held -= 1;
    if (this.#held < EVENTS_READ_AHEAD_MAX) this.#waiting.shift()?.();
  }

  /** Nobody reads any more. */
  open(): void {
    this.#isOpen = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function toErrorEvent(thrown: unknown): GenerationEvent {
  const { code, message, param, retryable } = toAppError(thrown);
  const event = { type: "generation-error" as const, code, message, retryable };
  return param === undefined ? event : { ...event, param };
}

async function* readUntilLeft(
  queue: AsyncQueue<ChoiceEvent>,
  { room, end }: { room: Room; end: () => void },
): AsyncGenerator<ChoiceEvent, undefined> {
  try {
    for await (const entry of queue) {
      room.giveBack();
      yield entry;
      if (entry.event.type === "generation-error") return undefined;
    }
  } finally {
    end();
  }
  return undefined;
}
