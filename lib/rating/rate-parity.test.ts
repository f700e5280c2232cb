/**
 * Goal: both presets are their reference's estimator, to 0.01 points.
 * Method: numbers that FastChat's own code and arena-rank's formulas in numpy gave for the same votes.
 */
import { describe, expect, test } from "vitest";
import reference from "./__fixtures__/twenty-models.json";
import expected from "./__fixtures__/twenty-models-expected.json";
import { toPairTable } from "./pair-table";
import { rate } from "./rate";
import type { RatedBoard } from "./rated-board";
import { RATING_DEFAULTS, type RatingOptions } from "./rating-options";
import { readReferenceVotes } from "./testing";

const votes = readReferenceVotes();
const anchor = reference.anchor;
const fastchat: RatingOptions = { ...RATING_DEFAULTS, preset: "fastchat" };
const arenaRank: RatingOptions = { ...RATING_DEFAULTS, preset: "arena-rank" };

function expectNear(
  board: RatedBoard,
  wanted: Record<string, number>,
  read: (entry: RatedBoard["entries"][number]) => number = (entry) => entry.rating!,
) {
  expect(board.entries.map(({ model }) => model).sort()).toEqual(Object.keys(wanted).sort());
  for (const entry of board.entries) {
    expect(Math.abs(read(entry) - wanted[entry.model]!), entry.model).toBeLessThan(0.01);
  }
}
const halfWidth = (entry: RatedBoard["entries"][number]) => (entry.upper! - entry.lower!) / 2;

describe("fastchat", () => {
  test("Bradley–Terry, centred and with one model fixed", () => {
    expectNear(rate(votes, fastchat), reference.btExactWithoutAnchor);
    expectNear(rate(votes, { ...fastchat, anchor }), reference.btExact);
  });

  test("style control, centred and with one model fixed, and its coefficients", () => {
    const board = rate(votes, { ...fastchat, styleControl: true });
    expectNear(board, expected.fastchatStyle);
    expectNear(
      rate(votes, { ...fastchat, styleControl: true, anchor }),
      expected.fastchatStyleAnchored,
    );
    expect(board.coefficients.map(({ name }) => name)).toEqual([
      "tokens",
      "headers",
      "lists",
      "bold",
    ]);
    for (const [index, { value, lower, upper }] of board.coefficients.entries()) {
      expect(value).toBeCloseTo(expected.fastchatCoefficients[index]!, 5);
      expect(lower).toBeLessThan(value);
      expect(upper).toBeGreaterThan(value);
    }
    expect(board.leftOut).toBe(0);
  });

  test("online Elo in the order of the votes", () => {
    expectNear(rate(votes, { ...fastchat, system: "elo", bootstrap: 3 }), expected.eloOnline);
  });

  test.each([false, true])(
    "bootstrap quantiles within sampling error, style control %s",
    (styleControl) => {
      const bootstrap = styleControl ? 50 : 100;
      const board = rate(votes, { ...fastchat, styleControl, anchor, bootstrap });
      const wanted: Record<string, { q025: number; q975: number }> = styleControl
        ? expected.bootstrapStyle
        : expected.bootstrap;
      const ratios = board.entries.flatMap((entry) => {
        if (entry.model === anchor.model) return [];
        const { q025, q975 } = wanted[entry.model]!;
        const width = q975 - q025;
        // A 2.5 % quantile of a hundred draws is itself spread by a sixth of the whole width, on both sides here.
        expect(Math.abs(entry.lower! - q025), entry.model).toBeLessThan(width / 2);
        expect(Math.abs(entry.upper! - q975), entry.model).toBeLessThan(width / 2);
        return [(entry.upper! - entry.lower!) / width];
      });
      const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
      // All models share the anchor's draws, so that the mean is little better known than one width.
      expect(mean).toBeGreaterThan(0.8);
      expect(mean).toBeLessThan(1.2);
      expect(board.entries.find(({ model }) => model === anchor.model)).toMatchObject({
        ...{ rating: 1114, lower: 1114, upper: 1114 },
      });
    },
  );

  test("win fractions without ties, and their means", () => {
    const { models, averageWins, wins, votes: met } = toPairTable(votes, rate(votes, fastchat));
    for (const [index, model] of models.entries()) {
      const wanted = (expected.averageWins as Record<string, number>)[model]!;
      expect(averageWins[index]).toBeCloseTo(wanted, 5);
      expect(wins[index]![index]).toBeNull();
    }
    expect(met.flat().reduce((sum, count) => sum + count, 0)).toBe(2 * votes.count);
  });
});

describe("arena-rank", () => {
  test("Bradley–Terry with pairs weighted, and its sandwich intervals", () => {
    const board = rate(votes, arenaRank);
    expectNear(board, expected.arenaRank);
    expectNear(board, expected.arenaRankHalfWidth, halfWidth);
  });

  test("style control with a ridge on coefficients alone, and its sandwich intervals", () => {
    const board = rate(votes, { ...arenaRank, styleControl: true });
    expectNear(board, expected.arenaRankStyle);
    expectNear(board, expected.arenaRankStyleHalfWidth, halfWidth);
    for (const [index, { value }] of board.coefficients.entries()) {
      expect(value).toBeCloseTo(expected.arenaRankCoefficients[index]!, 7);
    }
  });

  test("the bootstrap agrees with the sandwich", () => {
    const sandwich = new Map(rate(votes, arenaRank).entries.map((it) => [it.model, halfWidth(it)]));
    const ratios = rate(votes, { ...arenaRank, bootstrap: 200 }).entries.map(
      (entry) => halfWidth(entry) / sandwich.get(entry.model)!,
    );
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    expect(mean).toBeGreaterThan(0.9);
    expect(mean).toBeLessThan(1.1);
  });
});

test("the same seed gives the same bytes, another one other intervals", () => {
  const board = (seed: number) => JSON.stringify(rate(votes, { ...fastchat, bootstrap: 10, seed }));
  expect(board(1)).toBe(board(1));
  expect(board(1)).not.toBe(board(2));
});
