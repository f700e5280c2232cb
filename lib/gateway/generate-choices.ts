import { toAppError } from "@/lib/errors";
import { CHOICES_AT_ONCE_MAX } from "@/lib/limits";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { AsyncQueue } from "@/lib/util/async-queue";
import { type GenerateOptions, type Generation, generate } from "./generate";

/** Of which answer an event tells: 0 for the first. */
export type ChoiceEvent = { choice: number; event: GenerateEvent };

export type Choices = {
  /** Who gives the first answer. */
  workerId: string;
  start: GenerationStart;
  count: number;
  /** Events of all answers as they come. Read it, return it or abort the signal: each frees the workers. */
  events: AsyncIterable<ChoiceEvent>;
};

/**
 * Several answers to one request, each drawn for itself. The others begin once the first has its first
 * token: by then the prompt's keys and values lie in its worker's cache, and they need not run again. All
 * draws share one seed and are told apart by the answer's number, so the same seed brings all of them
 * back. An answer that fails ends all.
 *
 * @throws AppError as `generate`, before the first token of the first answer.
 */
export async function generateChoices(options: GenerateOptions, count: number): Promise<Choices> {
  const leave = new AbortController();
  const signal = AbortSignal.any([options.signal, leave.signal]);
  const first = await generate({ ...options, signal });
  const { workerId, start } = first;
  const queue = new AsyncQueue<ChoiceEvent>();
  const pump = async (choice: number, { events }: Generation) => {
    for await (const event of events) queue.push({ choice, event });
  };
  const left = Array.from({ length: count - 1 }, (_, index) => index + 1).values();
  const lane = async () => {
    for (const choice of left) {
      const request = toChoice(options.request, choice, start);
      await pump(choice, await generate({ ...options, request, signal }));
    }
  };
  const lanes = Array.from({ length: Math.min(count - 1, CHOICES_AT_ONCE_MAX - 1) }, lane);
  void Promise.all([pump(0, first), ...lanes]).then(
    () => queue.end(),
    (error: unknown) => queue.fail(error),
  );
  return { workerId, start, count, events: readable(queue, leave) };
}

/** With a `return` that works at once, also while the next event is being waited for. */
function readable(
  queue: AsyncQueue<ChoiceEvent>,
  leave: AbortController,
): AsyncIterable<ChoiceEvent> {
  const events = readUntilLeft(queue, leave);
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => events.next(),
      return() {
        leave.abort();
        return events.return(undefined);
      },
    }),
  };
}

async function* readUntilLeft(
  queue: AsyncQueue<ChoiceEvent>,
  leave: AbortController,
): AsyncGenerator<ChoiceEvent, undefined> {
  let choice = 0;
  try {
    for await (const entry of queue) {
      yield entry;
      choice = entry.choice;
      if (entry.event.type === "generation-error") return undefined;
    }
  } catch (thrown) {
    // An answer that could not even begin; the others have been told in part.
    const { code, message, param, retryable } = toAppError(thrown);
    const event = { type: "generation-error", code, message, ...(param && { param }), retryable };
    yield { choice, event } as ChoiceEvent;
  } finally {
    leave.abort();
  }
  return undefined;
}

function toChoice(
  request: GenerateRequest,
  choice: number,
  { sampling }: GenerationStart,
): GenerateRequest {
  return { ...request, choice, sampling: { ...request.sampling, seed: sampling.seed } };
}
