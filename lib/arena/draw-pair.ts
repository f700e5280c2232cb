import { PAIR_TABLES_MAX } from "@/lib/arena-limits";
import type { DRAW_METHODS } from "@/lib/db/schema/battles";
import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import type { SamplingRules } from "@/lib/protocol/arena-settings";
import type { Side } from "@/lib/protocol/arena-view";
import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import { activatePairs, toGain } from "./active-pairs";
import type { Arena } from "./arena";
import type { AwakeChatModel } from "./awake-models";
import { levelPairs, type PairTable, weighPairs } from "./draw-weights";
import { type AllPairScores, scoresOf } from "./pair-scores";
import { samplePair, sampleRival } from "./sample-pair";

export type DrawMethod = (typeof DRAW_METHODS)[number];

/** What a draw asks of the arena. */
type DrawingArena = Pick<Arena, "rules" | "pairScores">;

/** What a draw needs to know of a model. */
type Drawable = Pick<AwakeChatModel, "name" | "modelId">;

export type DrawnPair<T> = {
  a: T;
  b: T;
  /** Of these two on these very sides. */
  probability: number;
  method: DrawMethod;
};

/**
 * Two models for a blind battle, by the rules that hold now.
 *
 * @throws AppError `no-worker` when fewer than two are awake, or no two of them may meet.
 */
export async function drawPair<T extends Drawable>(
  arena: DrawingArena,
  { awake, random = Math.random }: { awake: readonly T[]; random?: Random | undefined },
): Promise<DrawnPair<T>> {
  const { table, method } = await readPairs(arena, awake);
  const drawn = samplePair(table, random);
  const [a, b] = [awake[drawn?.a ?? -1], awake[drawn?.b ?? -1]];
  if (drawn === undefined || a === undefined || b === undefined) throw nobody(awake.length);
  return { a, b, probability: drawn.probability, method };
}

/**
 * A model for the side whose model failed before its first token, beside the one that stays: drawn as if
 * the failed ones had not been awake. The probability is that of the pair as it then stands, in a draw without
 * them. Undefined when nobody is left who may meet the one that stays.
 *
 * @param failed Names of all models that failed in this battle so far; they may still be among `awake`.
 */
export async function drawReserve<T extends Drawable>(
  arena: DrawingArena,
  options: {
    awake: readonly T[];
    stays: { side: Side; model: Drawable };
    failed: readonly string[];
    random?: Random | undefined;
  },
): Promise<{ model: T; probability: number; method: DrawMethod } | undefined> {
  const { stays, failed, random = Math.random } = options;
  const left = options.awake.filter(({ name }) => !failed.includes(name));
  // It may have gone to sleep since; it is in this battle all the same.
  const others = left.filter(({ name }) => name !== stays.model.name);
  const { table, method } = await readPairs(arena, [stays.model, ...others]);
  const drawn = sampleRival(table, 0, random);
  if (drawn === undefined) return undefined;
  const model = others[drawn.rival - 1];
  assert(model !== undefined, "a model never meets itself");
  return { model, probability: drawn.probability, method };
}

/** Probabilities of all pairs of these models, by the rules and votes that this process knows. */
export async function readPairs(arena: DrawingArena, models: readonly Drawable[]): Promise<Pairs> {
  const { sampling } = await arena.rules.get();
  const isAskedOfVotes = sampling.method === "auto" || sampling.method === "active";
  // Where votes cannot be read, weights are known.
  const scores = isAskedOfVotes ? await arena.pairScores.get() : undefined;
  return toPairs(models, sampling, scores);
}

type Pairs = { table: PairTable; method: DrawMethod };
type Remembered = { weighed: PairTable; pairs: Pairs; scores: AllPairScores | undefined };

/** By the rules and then the models: working out all pairs of hundreds of models takes longer than a draw should. */
const remembered = new WeakMap<SamplingRules, Map<string, Remembered>>();

/** Pure: without scores, what asks for them is drawn by weight. */
export function toPairs(
  models: readonly Drawable[],
  sampling: SamplingRules,
  scores: AllPairScores | undefined,
): Pairs {
  const known = remembered.get(sampling) ?? new Map<string, Remembered>();
  remembered.set(sampling, known);
  const key = models.map(({ modelId }) => modelId).join(" ");
  const before = known.get(key);
  if (before !== undefined && before.scores === scores) return before.pairs;
  const names = models.map(({ name }) => name);
  const weighed = before?.weighed ?? weighPairs(names, sampling.models);
  const pairs = choosePairs(models, { weighed, sampling, scores });
  const [oldest] = known.keys();
  if (oldest !== undefined && known.size >= PAIR_TABLES_MAX) known.delete(oldest);
  known.set(key, { weighed, pairs, scores });
  return pairs;
}

function choosePairs(
  models: readonly Drawable[],
  by: { weighed: PairTable; sampling: SamplingRules; scores: AllPairScores | undefined },
): Pairs {
  const { weighed, sampling, scores } = by;
  const { method, activeVotesMin, uniformShare } = sampling;
  if (method === "uniform") return { table: levelPairs(weighed), method };
  if (method === "weighted" || scores === undefined) return { table: weighed, method: "weighted" };
  const scoresAt = (left: number, right: number) =>
    scoresOf(scores, models[left]?.modelId ?? "", models[right]?.modelId ?? "");
  const votesAt = (left: number, right: number) => scoresAt(left, right).count;
  if (method === "auto" && meanVotes(weighed, votesAt) < activeVotesMin) {
    return { table: weighed, method: "weighted" };
  }
  const gainOf = (left: number, right: number) => toGain(scoresAt(left, right));
  return { table: activatePairs(weighed, { uniformShare, gainOf }), method: "active" };
}

/** Votes on each two models that may meet, in the mean over those pairs. */
function meanVotes(table: PairTable, votesOf: (left: number, right: number) => number): number {
  const count = table.models.length;
  let votes = 0;
  let pairs = 0;
  for (let left = 0; left < count; left++) {
    for (let right = left + 1; right < count; right++) {
      if (table.probabilities[left * count + right] === 0) continue;
      votes += votesOf(left, right);
      pairs += 1;
    }
  }
  return pairs === 0 ? 0 : votes / pairs;
}

function nobody(awakeCount: number): AppError {
  const awake = ["and no model is awake", "and only one model is awake"][awakeCount];
  return new AppError("no-worker", {
    message: `A battle needs two models, ${awake ?? "and the arena's rules let no two meet of those that are awake"}. Try again in a moment.`,
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}
