import { assert } from "@/lib/util/assert";
import { AsyncQueue } from "@/lib/util/async-queue";
import type { AnswerEvent } from "./answer-events";
import type { Engine, EngineRequest } from "./engine";
import { drawSeed } from "./sampling/draw-seed";

export type ChoiceCounts = {
  /** Answers to give. */
  n: number;
  /** Answers to make, of which the `n` best are given; unless given, `n`. */
  bestOf?: number | undefined;
};

export type ChoiceEvent = { choice: number; event: AnswerEvent };

/**
 * Several answers to one request, side by side. The prompt runs once: those after the first copy the
 * keys and values of its whole chunks (not with `reportPrompt`, which needs every logit). The seed is one, each answer's draws are keyed by its number besides. With `bestOf`
 * beyond `n` nothing is told before all have ended; best is the highest mean log-probability of a
 * token (so OpenAI's completions define it), the first of equal ones.
 *
 * @throws AppError as `Engine.generate`; one failed answer fails and ends all.
 */
export async function* generateChoices(
  engine: Engine,
  request: EngineRequest,
  { n, bestOf = n }: ChoiceCounts,
  signal: AbortSignal,
): AsyncGenerator<ChoiceEvent> {
  assert(n >= 1 && bestOf >= n, "there is an answer to give, and no more are given than made");
  const seed = request.sampling.seed ?? drawSeed();
  const leave = new AbortController();
  const whole = AbortSignal.any([signal, leave.signal]);
  const queue = new AsyncQueue<ChoiceEvent>();
  const makeOne = async (choice: number, logProbabilityCount: number | undefined) => {
    const sampling = { ...request.sampling, seed };
    const one = { ...request, choice, sampling, logProbabilityCount };
    for await (const event of engine.generate(one, whole)) queue.push({ choice, event });
  };
  // Ranking needs the tokens' log-probabilities also when nobody asked to see them.
  const isRanked = bestOf > n;
  const count = request.logProbabilityCount ?? (isRanked ? 0 : undefined);
  const all = Promise.all(Array.from({ length: bestOf }, (_, choice) => makeOne(choice, count)));
  void all.then(
    () => queue.end(),
    (error) => queue.fail(error),
  );
  try {
    if (!isRanked) yield* queue;
    else yield* pickBest(await drain(queue), n, request.logProbabilityCount !== undefined);
  } finally {
    leave.abort();
    // Whatever failed has been told above; here it only has to be over.
    await all.catch(() => undefined);
  }
}

async function drain(queue: AsyncIterable<ChoiceEvent>): Promise<Map<number, AnswerEvent[]>> {
  const byChoice = new Map<number, AnswerEvent[]>();
  for await (const { choice, event } of queue) {
    const events = byChoice.get(choice) ?? [];
    events.push(event);
    byChoice.set(choice, events);
  }
  return byChoice;
}

function* pickBest(
  byChoice: ReadonlyMap<number, AnswerEvent[]>,
  n: number,
  showsTokens: boolean,
): Generator<ChoiceEvent> {
  const inOrder = [...byChoice.entries()].sort(([a], [b]) => a - b).map(([, events]) => events);
  const ranked = inOrder
    .map((events) => ({ events, score: meanLogProbability(events) }))
    .sort((a, b) => b.score - a.score);
  for (const [choice, { events }] of ranked.slice(0, n).entries()) {
    for (const event of events) {
      if (event.type !== "token" || showsTokens) yield { choice, event };
    }
  }
}

function meanLogProbability(events: readonly AnswerEvent[]): number {
  const tokens = events.flatMap((event) => (event.type === "token" ? event.logProbability : []));
  if (tokens.length === 0) return Number.NEGATIVE_INFINITY;
  return tokens.reduce((sum, it) => sum + it, 0) / tokens.length;
}
