import { expect, test } from "vitest";
import { drawRuleSchema } from "@/lib/protocol/arena-settings";
import { seededRandom } from "@/lib/util/random";
import { activatePairs, type PairScores, toGain } from "./active-pairs";
import { weighPairs } from "./draw-weights";

/** Wins, ties and losses of one side. */
const scores = (wins: number, ties: number, losses: number): PairScores => ({
  count: wins + ties + losses,
  sum: wins + ties / 2,
  squares: wins + ties / 4,
});

test("the gain is eq. 9 of outcomes with a win and a loss added", () => {
  // Three wins, a tie and a loss, and the two added: scores that sum to 4.5, and squares to 4.25, of seven.
  const variance = 4.25 / 7 - (4.5 / 7) ** 2;
  const expected = Math.sqrt(variance / 5) - Math.sqrt(variance / 6);
  expect(toGain(scores(3, 1, 1))).toBeCloseTo(expected, 12);
});

test("a pair that never met is worth most, then one that met seldom, then one whose outcomes differ", () => {
  const unmet = toGain(scores(0, 0, 0));
  for (let wins = 0; wins <= 4; wins++) {
    for (let ties = 0; ties <= 4; ties++) {
      for (let losses = 0; losses <= 4; losses++) {
        const seen = scores(wins, ties, losses);
        if (seen.count === 0) continue;
        expect(toGain(seen)).toBeLessThan(unmet / 3);
        expect(toGain(seen)).toBeGreaterThan(0);
        // Whose score was counted does not matter.
        expect(toGain(scores(losses, ties, wins))).toBeCloseTo(toGain(seen), 12);
      }
    }
  }
  expect(toGain(scores(5, 0, 5))).toBeGreaterThan(toGain(scores(50, 0, 50)));
  expect(toGain(scores(5, 0, 5))).toBeGreaterThan(toGain(scores(10, 0, 0)));
  expect(toGain(scores(5, 0, 5))).toBeGreaterThan(toGain(scores(0, 10, 0)));
  // So many that a difference of roots is all rounding.
  expect(toGain(scores(1e9, 0, 0))).toBeGreaterThanOrEqual(0);
});

test("with random rules and votes: sums to 1, keeps to the floor, and draws nobody who is ruled out", () => {
  const seed = 515;
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const context = `seed ${seed}, round ${round}`;
    const models = Array.from({ length: 2 + Math.floor(random() * 6) }, (_, at) => `m${at}`);
    const weighed = weighPairs(
      models,
      models
        .filter(() => random() < 0.4)
        .map((model) =>
          drawRuleSchema.parse({
            ...{ model, weight: random() < 0.3 ? 0 : 10 ** (random() * 8 - 4) },
            isAnonymousOnly: random() < 0.3,
          }),
        ),
    );
    const uniformShare = 0.05 + random() * 0.9;
    const seen = models.map(() => models.map(() => randomScores(random)));
    const table = activatePairs(weighed, {
      uniformShare,
      gainOf: (left, right) => toGain(seen[left]?.[right] ?? scores(0, 0, 0)),
    });
    const possible = weighed.probabilities.filter((it) => it > 0).length;
    const sum = table.probabilities.reduce((total, it) => total + it, 0);
    expect(sum, context).toBeCloseTo(possible === 0 ? 0 : 1, 9);
    table.probabilities.forEach((probability, at) => {
      if (weighed.probabilities[at] === 0) expect(probability, context).toBe(0);
      // So 1/P, by which ratings weigh a vote, is at most the number of ordered pairs over the share.
      else
        expect(1 / probability, context).toBeLessThanOrEqual((possible / uniformShare) * 1.000001);
    });
  }
});

test("weights go on counting: a newcomer of weight 5 is drawn more than its like", () => {
  const names = ["x", "y", "z"];
  const weighed = weighPairs(names, [drawRuleSchema.parse({ model: "x", weight: 5 })]);
  const { probabilities } = activatePairs(weighed, {
    uniformShare: 0.1,
    gainOf: () => toGain(scores(4, 2, 4)),
  });
  // Gains are alike, so all but the uniform share is by weight.
  probabilities.forEach((it, at) => {
    const floor = at % 4 === 0 ? 0 : 0.1 / 6;
    expect(it).toBeCloseTo(floor + 0.9 * (weighed.probabilities[at] ?? 0), 12);
  });
});

function randomScores(random: () => number): PairScores {
  const upTo = (limit: number) => Math.floor(random() * limit);
  return random() < 0.2 ? scores(0, 0, 0) : scores(upTo(50), upTo(20), upTo(5_000));
}
