/**
 * Goal: of honest visitors no more than α are flagged, whatever the size of the history, and attackers are.
 * Method: visitors are simulated from a model of strengths and ties with printed seeds; each one's history is
 * what all the others voted in the same world. The power of each attack is printed and held to a low bar.
 */
import { describe, expect, test } from "vitest";
import { type Random, seededRandom } from "@/lib/util/random";
import {
  CHECKPOINTS,
  drawCheckpoints,
  findAnomaly,
  levelOf,
  type PairHistory,
  type VoteResult,
  type WatchedVote,
  WINDOW_VOTES,
} from "./anomaly";

type Vote = { first: number; second: number; result: VoteResult };
/** Draws what the visitor votes on a pair, where they do at all. */
type Voter = (
  first: number,
  second: number,
  honest: () => VoteResult,
  random: Random,
) => VoteResult | undefined;

const print = (line: string) => process.stdout.write(`${line}\n`);

const MODELS = 10;
/** Logits: from 12 % to 88 % between the ends' neighbours and the middle. */
const STRENGTHS = Array.from({ length: MODELS }, (_, index) => (index - 4.5) / 2.25);
const TIES = 0.25;
const FLIP = { won: "lost", tied: "tied", lost: "won" } as const;

const honestly: Voter = (_first, _second, honest) => honest();

function castVotes(voter: Voter, random: Random): Vote[] {
  const votes: Vote[] = [];
  while (votes.length < WINDOW_VOTES) {
    const first = Math.floor(random() * MODELS);
    const second = Math.floor(random() * MODELS);
    if (first >= second) continue;
    const gap = (STRENGTHS[first] ?? 0) - (STRENGTHS[second] ?? 0);
    const honest = (): VoteResult => {
      if (random() < TIES) return "tied";
      return random() < 1 / (1 + Math.exp(-gap)) ? "won" : "lost";
    };
    const result = voter(first, second, honest, random);
    if (result) votes.push({ first, second, result });
  }
  return votes;
}

class World {
  readonly #counts = new Map<string, PairHistory>();

  add(votes: readonly Vote[], by = 1): void {
    for (const { first, second, result } of votes) {
      const key = `${first}-${second}`;
      const counts = this.#counts.get(key) ?? { won: 0, tied: 0, lost: 0 };
      counts[result] += by;
      this.#counts.set(key, counts);
    }
  }

  watched(votes: readonly Vote[], random: Random): WatchedVote[] {
    return votes.map(({ first, second, result }) => ({
      ...{ first: `m${first}`, second: `m${second}`, result },
      history: { ...(this.#counts.get(`${first}-${second}`) ?? { won: 0, tied: 0, lost: 0 }) },
      uniform: (Math.floor(random() * 2 ** 31) + 0.5) / 2 ** 31,
    }));
  }
}

function isFlagged(votes: readonly WatchedVote[], alpha: number, random: Random): boolean {
  const points = drawCheckpoints(random);
  // The first window alone is simulated: all of α is its, which is harder than what is spent on it.
  return points.some(
    (point) => findAnomaly(votes.slice(0, point), alpha / CHECKPOINTS) !== undefined,
  );
}

function honestFlags(options: { worlds: number; visitors: number; alpha: number; seed: number }) {
  const random = seededRandom(options.seed);
  let flags = 0;
  for (let index = 0; index < options.worlds; index++) {
    const world = new World();
    const all = Array.from({ length: options.visitors }, () => castVotes(honestly, random));
    for (const votes of all) world.add(votes);
    for (const votes of all) {
      world.add(votes, -1);
      if (isFlagged(world.watched(votes, random), options.alpha, random)) flags += 1;
      world.add(votes);
    }
  }
  return flags;
}

describe("of honest visitors at most α are flagged", () => {
  test.each([
    { worlds: 1, visitors: 600, alpha: 0.05, seed: 101 },
    { worlds: 1, visitors: 400, alpha: 0.2, seed: 102 },
    // Few votes of others, hence much shared history and coarse p-values.
    { worlds: 40, visitors: 10, alpha: 0.2, seed: 103 },
    { worlds: 100, visitors: 4, alpha: 0.2, seed: 104 },
  ])("%o", (options) => {
    const flags = honestFlags(options);
    const count = options.worlds * options.visitors;
    const { alpha, seed } = options;
    print(
      `honest: ${flags} of ${count} flagged (${((100 * flags) / count).toFixed(2)} %) at α = ${alpha}, seed ${seed}`,
    );
    expect(flags).toBeLessThanOrEqual(count * alpha + 3 * Math.sqrt(count * alpha * (1 - alpha)));
  });
});

describe("attackers are flagged", () => {
  const promotes =
    (model: number): Voter =>
    (first, second, honest) => {
      if (first === model) return "won";
      return second === model ? "lost" : honest();
    };
  const demotes =
    (model: number): Voter =>
    (first, second, honest, random) => {
      const result = promotes(model)(first, second, honest, random);
      return first === model || second === model ? result && FLIP[result] : result;
    };
  const only =
    (model: number, voter: Voter): Voter =>
    (first, second, ...rest) =>
      first === model || second === model ? voter(first, second, ...rest) : undefined;
  const clicks: Voter = (_first, _second, _honest, random) =>
    (["won", "lost", "tied", "tied"] as const)[Math.floor(random() * 4)];

  test.each<[string, Voter, number]>([
    ["promotes the weakest wherever it meets it, else honest", promotes(0), 0.6],
    ["promotes a middling one wherever it meets it, else honest", promotes(4), 0.2],
    ["promotes a middling one and votes on nothing else", only(4, promotes(4)), 0.99],
    ["demotes the strongest wherever it meets it, else honest", demotes(9), 0.6],
    ["demotes a middling one and votes on nothing else", only(4, demotes(4)), 0.99],
    ["clicks at random", clicks, 0.4],
  ])("who %s", (name, voter, powerMin) => {
    const seed = 201;
    const random = seededRandom(seed);
    const world = new World();
    for (let index = 0; index < 300; index++) world.add(castVotes(honestly, random));
    const attackers = 150;
    let flags = 0;
    for (let index = 0; index < attackers; index++) {
      const votes = castVotes(voter, random);
      if (isFlagged(world.watched(votes, random), 0.05 / 2, random)) flags += 1;
    }
    print(
      `${name}: ${((100 * flags) / attackers).toFixed(0)} % of ${attackers} flagged within 100 votes at α = 0.05, seed ${seed}`,
    );
    expect(flags / attackers).toBeGreaterThanOrEqual(powerMin);
  });
});

test("points are five of a hundred, and levels add up to α over all windows", () => {
  const random = seededRandom(7);
  const seen = new Set<number>();
  for (let index = 0; index < 500; index++) {
    const points = drawCheckpoints(random);
    expect(new Set(points).size).toBe(CHECKPOINTS);
    expect(points).toEqual([...points].sort((one, other) => one - other));
    for (const point of points) seen.add(point);
  }
  expect([Math.min(...seen), Math.max(...seen), seen.size]).toEqual([1, 100, 100]);
  let spent = 0;
  for (let window = 0; window < 10_000; window++) spent += CHECKPOINTS * levelOf(0.1, window);
  expect(spent).toBeLessThanOrEqual(0.1);
  expect(spent).toBeCloseTo(0.1, 4);
});

test("nothing is said without a history, and what is said names model, direction and figures", () => {
  const vote = (history: PairHistory): WatchedVote => ({
    ...{ first: "x", second: "y", result: "won", history, uniform: 0.5 },
  });
  const never = { won: 0, tied: 0, lost: 9 };
  expect(findAnomaly([], 0.1)).toBeUndefined();
  expect(
    findAnomaly(
      Array.from({ length: 50 }, () => vote(never)),
      0.1,
    ),
  ).toBeUndefined();
  const rarely = { won: 10, tied: 90, lost: 900 };
  const found = findAnomaly(
    Array.from({ length: 20 }, () => vote(rarely)),
    0.01,
  );
  expect(found).toMatchObject({ votes: 20, degrees: 40, direction: "down", model: null });
  expect(found?.pValue).toBeLessThan(found?.level ?? 0);
});
