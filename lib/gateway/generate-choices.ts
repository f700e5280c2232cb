import { setMaxListeners } from "node:events";
import { CHOICES_AT_ONCE_MAX, GENERATION_MS_MAX } from "@/lib/limits";
import type { GenerationEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { toAbortSignal } from "@/lib/util/stop";
import type { Candidate } from "./candidate";
import { type GenerateOptions, type Generation, generate } from "./generate";
import { type ChoiceEvent, mergeChoices } from "./merge-choices";

export type Choices = {
  /** Of the answer on the wire. */
  id: string;
  /** Who gives the first answer. */
  workerId: string;
  /** Who gives all of them, and why: see Generation. */
  candidate: Candidate;
  model: string;
  why: string | undefined;
  start: GenerationStart;
  count: number;
  /** How often another worker has gone on with one of them; it grows. */
  resumed: { times: number };
  /** Events of all answers as they come. Read it, return it or abort the signal: each frees the workers. */
  events: AsyncIterable<ChoiceEvent>;
};

/**
 * Several answers to one request, each drawn for itself. The others begin once the first has its first
 * token: by then the prompt's keys and values lie in its worker's cache, and they need not run again. All
 * draws share one seed and are told apart by the answer's number, so the same seed brings all of them
 * back. All come from the model that gave the first, within the time of one request. An answer that fails ends all.
 *
 * @throws AppError as `generate`, before the first token of the first answer.
 */
export function generateChoices(options: GenerateOptions, count: number): Promise<Choices> {
  return count === 1 ? generate(options).then(asChoices) : generateSeveral(options, count);
}

async function generateSeveral(options: GenerateOptions, count: number): Promise<Choices> {
  const leave = new AbortController();
  const signal = AbortSignal.any([toAbortSignal(options.signal), leave.signal]);
  // Every answer listens: as many as CHOICE_COUNT_MAX allows are no leak.
  setMaxListeners(0, signal);
  const { endsMs = performance.now() + GENERATION_MS_MAX } = options;
  const first = await generate({ ...options, signal, endsMs });
  const { id, workerId, candidate, model, why, start } = first;
  // There the prompt's keys and values lie.
  const place = { pinned: candidate, preferredWorkerId: workerId, isUnderWay: true, endsMs };
  // The seed that is said of each is the first one's, which may be drawn.
  const further = { ...place, isSeeded: options.request.sampling.seed !== undefined };
  const resumed = { times: 0 };
  const left = Array.from({ length: count - 1 }, (_, index) => index + 1).values();
  const events = mergeChoices(leave, async (push) => {
    const pump = async (choice: number, generation: Generation) => {
      for await (const event of generation.events) {
        if (event.type === "generation-resumed") resumed.times += 1;
        await push({ choice, event });
      }
    };
    const lane = async () => {
      for (const choice of left) {
        const request = toChoice(options.request, choice, start);
        await pump(choice, await generate({ ...options, ...further, request, signal }));
      }
    };
    const laneCount = Math.min(count - 1, CHOICES_AT_ONCE_MAX - 1);
    await Promise.all([pump(0, first), ...Array.from({ length: laneCount }, lane)]);
  });
  return { id, workerId, candidate, model, why, start, count, resumed, events };
}

/** One answer needs no queue between itself and its reader: it would be half the time of a token. */
function asChoices({ events, id, workerId, candidate, model, why, start }: Generation): Choices {
  const resumed = { times: 0 };
  const entries = new OnlyChoice(events[Symbol.asyncIterator](), resumed);
  return { ...{ id, workerId, candidate, model, why, start, count: 1, resumed }, events: entries };
}

/** A class for the same reason as RelayedEvents. */
class OnlyChoice implements AsyncIterableIterator<ChoiceEvent> {
  readonly #events: AsyncIterator<GenerationEvent>;
  readonly #toEntry: (result: IteratorResult<GenerationEvent>) => IteratorResult<ChoiceEvent>;

  constructor(events: AsyncIterator<GenerationEvent>, resumed: { times: number }) {
    this.#events = events;
    this.#toEntry = (result) => {
      if (result.done) return result;
      const event = result.value;
      if (event.type === "generation-resumed") resumed.times += 1;
      return { done: false, value: { choice: 0, event } };
    };
  }

  next(): Promise<IteratorResult<ChoiceEvent>> {
    return this.#events.next().then(this.#toEntry);
  }

  async return(): Promise<IteratorResult<ChoiceEvent>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function toChoice(
  request: GenerateRequest,
  choice: number,
  { sampling }: GenerationStart,
): GenerateRequest {
  return { ...request, choice, sampling: { ...request.sampling, seed: sampling.seed } };
}
