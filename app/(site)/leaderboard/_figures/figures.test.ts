/** Goal: each figure's table says what its drawing shows, and filters of the board hold for both. */
import { describe, expect, test } from "vitest";
import { type RatedRow, toRatedRows } from "@/components/plots/rated-rows";
import { sortOpponents, toShares } from "@/components/plots/to-opponents";
import { toTradeLayout } from "@/components/plots/trade-layout";
import type { BoardRow, PairTable } from "@/lib/protocol/board-view";
import { toAverageRows, toAverageTable } from "./average-figure";
import { toIntervalTable } from "./interval-figure";
import { toShort } from "./pair-figures";
import { toBattleTable, toPairTip, toWinTable } from "./pair-words";
import { pickPairs, topPairs } from "./pick-pairs";
import { toTradeTable } from "./trade-figure";
import { TRADE_MEASURES } from "./trade-measures";

function rowOf(model: string, rating: number | null, more: Partial<BoardRow> = {}): BoardRow {
  const isRated = rating !== null;
  return {
    ...{ model, slug: model, organization: null, licence: null, contextLength: null },
    ...{ hasOpenWeights: null, isRetired: false, isAwake: true, price: null },
    ...{ firstTokenMs: null, tokensPerSecond: null, isPreliminary: false },
    ...{ status: isRated ? "rated" : "too-few-votes", rating },
    ...{ lower: isRated ? rating - 10 : null, upper: isRated ? rating + 10 : null },
    ...{ rank: 1, rankBest: 1, rankWorst: 2, votes: 50, wins: 20, losses: 20, ties: 10 },
    ...more,
  };
}

const PAIRS: PairTable = {
  models: ["best", "middle", "last"],
  votes: [
    [0, 40, 5],
    [40, 0, 0],
    [5, 0, 0],
  ],
  ties: [
    [0, 10, 5],
    [10, 0, 0],
    [5, 0, 0],
  ],
  wins: [
    [null, 0.7, null],
    [0.3, null, null],
    [null, null, null],
  ],
  expected: [
    [0.5, 0.64, 0.8],
    [0.36, 0.5, 0.7],
    [0.2, 0.3, 0.5],
  ],
  averageWins: [0.7, 0.3, null],
};

test("models without a score are left out, the best come first", () => {
  const rows = toRatedRows([rowOf("b", 990), rowOf("new", null), rowOf("a", 1_010)]);
  expect(rows.map((it) => it.model)).toEqual(["a", "b"]);
  const { columns, rows: lines } = toIntervalTable(rows);
  expect(lines[0]).toEqual(["a", 1_010, 1_000, 1_020, 1, 2, 50, "no"]);
  expect(lines[0]).toHaveLength(columns.length);
});

const tally = (wins: number, losses: number, ties: number) => ({ wins, losses, ties });

describe("pairs", () => {
  test("a filter takes models out of rows and of columns", () => {
    const picked = pickPairs(PAIRS, new Set(["best", "last"]));
    expect(picked.models).toEqual(["best", "last"]);
    expect(picked.votes).toEqual([
      [0, 5],
      [5, 0],
    ]);
    expect(picked.expected[0]).toEqual([0.5, 0.8]);
    expect(picked.averageWins).toEqual([0.7, null]);
    expect(topPairs(PAIRS, 1).models).toEqual(["best"]);
    expect(pickPairs(PAIRS, new Set(PAIRS.models))).toBe(PAIRS);
  });

  test("tables are row against column, and empty where nothing is known", () => {
    expect(toWinTable(PAIRS, "observed").rows).toEqual([
      ["best", null, 0.7, null],
      ["middle", 0.3, null, null],
      ["last", null, null, null],
    ]);
    expect(toWinTable(PAIRS, "expected").rows[2]).toEqual(["last", 0.2, 0.3, null]);
    expect(toBattleTable(PAIRS).rows[0]).toEqual(["best", null, 40, 5]);
  });

  test("a cell says what was seen, what scores expect and on how many votes", () => {
    const words = (row: number, column: number) =>
      toPairTip(PAIRS, row, column)
        .lines.map((it) => it.join(" "))
        .join(", ")
        .replaceAll("\u202f", " ");
    expect(toPairTip(PAIRS, 0, 1).title).toBe("best against middle");
    expect(words(0, 1)).toBe("Won 70 %, Expected 64 %, Votes 40, Ties 10");
    expect(words(0, 2)).toBe("Won no winner yet, Expected 80 %, Votes 5, Ties 5");
    expect([7, 999, 1_234, 9_960, 15_400].map(toShort)).toEqual([
      ...["7", "999", "1.2k", "10k", "15k"],
    ]);
  });

  test("averages are over opponents with a winner, the highest first", () => {
    const rows = toAverageRows(PAIRS);
    expect(rows).toEqual([
      { model: "best", share: 0.7, opponents: 1 },
      { model: "middle", share: 0.3, opponents: 1 },
    ]);
    expect(toAverageTable(rows).rows[0]).toEqual(["best", 0.7, 1]);
  });

  test("of opponents with few votes none is among the best or the worst where others have more", () => {
    const opponents = toShares([
      { ...{ model: "middle", slug: "middle", votes: 40, expected: 0.64 }, ...tally(21, 9, 10) },
      { ...{ model: "last", slug: "last", votes: 5, expected: 0.8 }, ...tally(0, 0, 5) },
    ]);
    expect(opponents.map((it) => [it.model, it.votes, it.share, it.expected])).toEqual([
      ["middle", 40, 0.7, 0.64],
      ["last", 5, null, 0.8],
    ]);
    const counts = { model: "x", slug: "x", votes: 4, wins: 1, losses: 2, expected: null };
    const shares = toShares([{ ...counts, ties: 1 }]);
    expect(shares[0]?.share).toBeCloseTo(1 / 3, 12);
    // Four votes say little beside forty, and are all there is beside none.
    expect(sortOpponents([...opponents, ...shares], "worst").map((it) => it.model)).toEqual([
      "middle",
    ]);
    expect(sortOpponents(shares, "best").map((it) => it.model)).toEqual(["x"]);
    expect(sortOpponents(opponents, "votes").map((it) => it.model)).toEqual(["middle", "last"]);
  });
});

describe("a score against what it costs", () => {
  const priced = (model: string, rating: number, outputPerMillion: number | null) =>
    rowOf(model, rating, {
      price: outputPerMillion === null ? null : { inputPerMillion: 0, outputPerMillion },
      firstTokenMs: rating / 10,
      tokensPerSecond: 2_000 - rating,
    });
  const rated = toRatedRows([
    ...[priced("dear", 1_100, 10), priced("same", 1_000, 10), priced("free", 900, 0)],
    priced("unknown", 1_200, null),
  ]) as RatedRow[];

  test("the front is named and a model without a price is left out", () => {
    const known = rated.filter((it) => TRADE_MEASURES.output.amountOf(it) !== null);
    expect(toTradeTable(known, TRADE_MEASURES.output).rows).toEqual([
      ["dear", 1_100, 10, "yes", "no"],
      ["same", 1_000, 10, "no", "no"],
      ["free", 900, 0, "yes", "no"],
    ]);
    const layout = toTradeLayout(known, TRADE_MEASURES.output, 900);
    expect(layout.points.map((it) => it.isFront)).toEqual([true, false, true]);
    expect(layout.across.ticks[0]?.label).toBe("free");
    expect(layout.labels.map((it) => it.text)).toContain("dear");
    const [dear, , free] = layout.points;
    expect(free?.x).toBeLessThan(dear?.x ?? 0);
    expect(layout.cursor.tip(0).lines.at(-1)?.[0]).toBe("Front");
  });

  test("of a speed more is better", () => {
    const front = toTradeTable(rated, TRADE_MEASURES.speed).rows.filter((it) => it[3] === "yes");
    // The faster each is, the lower its score: nothing beats anything.
    expect(front).toHaveLength(4);
  });

  test("all free is one place, not a scale of nothing", () => {
    const free = toRatedRows([priced("one", 1_000, 0), priced("two", 1_010, 0)]);
    const layout = toTradeLayout(free, TRADE_MEASURES.output, 900);
    expect(layout.points.every((it) => Number.isFinite(it.x) && Number.isFinite(it.y))).toBe(true);
    expect(layout.frontPath).not.toContain("NaN");
  });

  test("times are seconds in the table", () => {
    expect(toTradeTable(rated, TRADE_MEASURES["first-token"]).rows[0]?.[2]).toBe(0.12);
  });
});
