import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import type { Outcome } from "./outcome";
import { toPairTable } from "./pair-table";
import { rate } from "./rate";
import type { RatedBoard } from "./rated-board";
import { RATING_DEFAULTS, RATING_PRESETS, type RatingOptions } from "./rating-options";
import { toColumns, type Vote, withRandomStyle } from "./testing";

const live: RatingOptions = { ...RATING_DEFAULTS, votesMin: 3 };
const toBoard = (votes: readonly Vote[], models: readonly string[] = [], options = live) =>
  rate(toColumns(votes, models), options);
const find = (board: RatedBoard, model: string) =>
  board.entries.find((entry) => entry.model === model)!;
const statuses = (board: RatedBoard) =>
  Object.fromEntries(board.entries.map((entry) => [entry.model, entry.status]));
/** Each beats the next, in a ring. */
const ring = (models: readonly string[], count: number): Vote[] =>
  models.map((model, index) => [model, models[(index + 1) % models.length]!, "a", count]);

/** What must hold on every board whatsoever. */
function expectSound({ entries, coefficients }: RatedBoard) {
  for (const entry of entries) {
    expect(entry.wins + entry.losses + entry.ties).toBe(entry.votes);
    const { rating, lower, upper, rank, rankBest, rankWorst } = entry;
    const numbers = [rating, lower, upper, rank, rankBest, rankWorst];
    if (entry.status !== "rated") expect(numbers).toEqual(numbers.map(() => null));
    else {
      expect(numbers.every(Number.isFinite)).toBe(true);
      expect(entry.lower).toBeLessThanOrEqual(entry.rating);
      expect(entry.upper).toBeGreaterThanOrEqual(entry.rating);
      expect(entry.rank).toBe(entry.rankBest);
      expect(entry.rankWorst).toBeGreaterThanOrEqual(entry.rankBest);
    }
  }
  for (const { value, lower, upper } of coefficients) {
    expect([value, lower, upper].every(Number.isFinite)).toBe(true);
    expect(lower).toBeLessThanOrEqual(upper);
  }
  const rated = entries.flatMap((entry) => (entry.status === "rated" ? [entry] : []));
  expect(entries.slice(0, rated.length)).toEqual(rated);
  expect(rated.length).not.toBe(1);
  if (rated.length === 0) return;
  expect(Math.min(...rated.map((entry) => entry.rank))).toBe(1);
  expect(Math.max(...rated.map((entry) => entry.rankWorst))).toBe(rated.length);
}

function expectCentred({ entries }: RatedBoard) {
  const rated = entries.flatMap((entry) => entry.rating ?? []);
  if (rated.length === 0) return;
  expect(rated.reduce((sum, rating) => sum + rating, 0) / rated.length).toBeCloseTo(1000, 6);
}

describe("who has a rating", () => {
  test("no models, one model, no votes", () => {
    expect(toBoard([])).toEqual({ entries: [], coefficients: [], leftOut: 0 });
    expect(toBoard([], ["x"]).entries).toEqual([
      expect.objectContaining({ model: "x", status: "too-few-votes", votes: 0, rating: null }),
    ]);
    expect(statuses(toBoard([], ["x", "y"], RATING_DEFAULTS))).toEqual({
      ...{ x: "too-few-votes", y: "too-few-votes" },
    });
  });

  test("a model that never lost, and one that never won", () => {
    expect(statuses(toBoard([["x", "y", "a", 5]]))).toEqual({ x: "unbeaten", y: "winless" });
    const four = toBoard([
      ...([["best", "x", "a", 5]] as const),
      ...([["x", "y", "a", 3]] as const),
      ...([["x", "y", "b", 2]] as const),
      ...([["worst", "y", "b", 4]] as const),
    ]);
    expect(statuses(four)).toEqual({ best: "unbeaten", x: "rated", y: "rated", worst: "winless" });
    expectSound(four);
    expectCentred(four);
  });

  test("a group above or below the rated one has no rating either", () => {
    const board = toBoard([
      ...ring(["x", "y", "z"], 3),
      ...([
        ["p", "q", "tie", 3],
        ["p", "x", "a", 2],
        ["r", "s", "tie", 3],
        ["z", "r", "a", 2],
      ] as const),
    ]);
    expect(statuses(board)).toEqual({
      ...{ p: "unbeaten", q: "unbeaten", r: "winless", s: "winless" },
      ...{ x: "rated", y: "rated", z: "rated" },
    });
    expectSound(board);
  });

  test("models that never met the others are unconnected, whatever rates them", () => {
    const votes: Vote[] = [...ring(["x", "y", "z"], 3), ["p", "q", "a", 3], ["p", "q", "b", 3]];
    const random = seededRandom(1);
    for (const options of [
      live,
      { ...live, system: "elo" as const },
      { ...live, preset: "fastchat" as const, styleControl: true },
    ]) {
      const board = rate(withRandomStyle(toColumns(votes), random), options);
      expect(statuses(board)).toMatchObject({ x: "rated", p: "unconnected", q: "unconnected" });
      expectSound(board);
      expectCentred(board);
    }
  });

  test("a chain without a way back rates nobody, but under a penalty or online", () => {
    const chain: Vote[] = [
      ["x", "y", "a", 4],
      ["y", "z", "a", 4],
    ];
    expect(statuses(toBoard(chain))).toEqual({ x: "unbeaten", y: "unconnected", z: "winless" });
    const styled = withRandomStyle(toColumns(chain), seededRandom(2));
    for (const options of [
      { ...live, system: "elo" as const },
      { ...live, preset: "fastchat" as const, styleControl: true },
    ]) {
      const board = rate(styled, options);
      expect(board.entries.map(({ model }) => model)).toEqual(["x", "y", "z"]);
      expectSound(board);
    }
    expect(statuses(rate(styled, { ...live, styleControl: true })).x).toBe("unbeaten");
    // Eight votes say next to nothing of how far apart they are, and the interval says so.
    const [best] = rate(styled, { ...live, preset: "fastchat", styleControl: true }).entries;
    expect(best!.upper! - best!.lower!).toBeGreaterThan(300);
  });

  test("one or two votes are too few, but count for the opponent", () => {
    const board = toBoard(
      [
        ["x", "y", "a", 3],
        ["x", "y", "b", 2],
        ["new", "x", "tie", 2],
      ],
      ["idle"],
    );
    expect(statuses(board)).toEqual({
      ...{ x: "rated", y: "rated", new: "too-few-votes", idle: "too-few-votes" },
    });
    expect(find(board, "x").votes).toBe(7);
    expectSound(board);
    const lonely = toBoard([
      ["x", "y", "tie", 2],
      ["x", "z", "tie", 2],
    ]);
    expect(statuses(lonely)).toEqual({ x: "unconnected", y: "too-few-votes", z: "too-few-votes" });
  });

  test("a vote of a model on itself is a caller's bug", () => {
    const votes = toColumns([["x", "y", "a", 3]]);
    expect(() => rate({ ...votes, modelB: votes.modelA }, live)).toThrow("two models");
  });
});

describe("what votes mean", () => {
  test("both bad counts as a tie", () => {
    const as = (outcome: Outcome) =>
      toBoard([
        ["x", "y", "a", 5],
        ["x", "y", outcome, 4],
      ]);
    expect(as("both-bad")).toEqual(as("tie"));
    expect(find(as("both-bad"), "x")).toMatchObject({
      wins: 5,
      ties: 4,
      losses: 0,
      status: "rated",
    });
  });

  test("it does not matter which side a model took", () => {
    const left = toBoard([
      ["x", "y", "a", 7],
      ["x", "y", "b", 3],
    ]);
    expect(
      toBoard(
        [
          ["y", "x", "b", 7],
          ["y", "x", "a", 3],
        ],
        ["x", "y"],
      ),
    ).toEqual(left);
  });

  test("two models: the closed form", () => {
    const [x, y] = toBoard([
      ["x", "y", "a", 30],
      ["x", "y", "b", 10],
    ]).entries;
    expect(x!.rating! - y!.rating!).toBeCloseTo(400 * Math.log10(3), 6);
    // Var of a log-odds is 1 / (n p q); each centred rating carries half of the difference.
    const deviation = ((400 / Math.LN10) * Math.sqrt(1 / (40 * 0.75 * 0.25))) / 2;
    expect(x!.upper! - x!.rating!).toBeCloseTo(1.959964 * deviation, 0);
  });

  test("all ties: all equal, all first, and few of them leave doubt", () => {
    const widths = [3, 30, 3000].map((count) => {
      const board = toBoard([
        ...([
          ["x", "y", "tie", count],
          ["y", "z", "both-bad", count],
          ["z", "x", "tie", count],
        ] as const),
      ]);
      for (const entry of board.entries) {
        expect(entry).toMatchObject({ status: "rated", rank: 1, rankWorst: 3 });
        expect(entry.rating).toBeCloseTo(1000, 6);
      }
      expectSound(board);
      return board.entries[0]!.upper! - board.entries[0]!.lower!;
    });
    expect(widths[0]).toBeGreaterThan(200);
    expect(widths[1]).toBeGreaterThan(10);
    expect(widths[2]).toBeLessThan(1);
  });

  test("a rank counts only those better beyond doubt", () => {
    const board = toBoard([
      ...([
        ["strong", "middle", "a", 900],
        ["strong", "middle", "b", 100],
      ] as const),
      ...([["middle", "twin", "tie", 10]] as const),
      ...([
        ["middle", "weak", "a", 900],
        ["middle", "weak", "b", 100],
      ] as const),
    ]);
    expect(find(board, "strong")).toMatchObject({ rank: 1, rankWorst: 1 });
    expect(find(board, "twin")).toMatchObject({ rank: 2, rankBest: 2, rankWorst: 3 });
    expect(find(board, "middle").rank).toBe(2);
    expect(find(board, "weak")).toMatchObject({ rank: 4, rankWorst: 4 });
  });

  test("a fixed model has its rating, and no doubt", () => {
    const anchor = { model: "y", rating: 1114 };
    const votes = toColumns(
      [
        ["x", "y", "a", 5],
        ["x", "y", "b", 4],
      ],
      ["idle"],
    );
    for (const options of [live, { ...live, bootstrap: 20 }, { ...live, system: "elo" as const }]) {
      const { entries } = rate(votes, { ...options, anchor });
      expect(entries[1]).toMatchObject({ model: "y", rating: 1114, lower: 1114, upper: 1114 });
      expect(entries[0]!.upper! - entries[0]!.lower!).toBeGreaterThan(1);
    }
    const at = (model: string) => () => rate(votes, { ...live, anchor: { model, rating: 1 } });
    expect(at("nobody")).toThrow('The anchor "nobody" cannot be fixed: no vote is on it.');
    expect(at("idle")).toThrow("no vote is on it");
    expect(() => rate(votes, { ...live, anchor: { model: "x", rating: Number.NaN } })).toThrow(
      "needs a number",
    );
    expect(rate(toColumns([]), { ...live, anchor }).entries).toEqual([]);
  });

  test("a long chain of near-certain wins stays finite", () => {
    const chain = Array.from({ length: 60 }, (_, index): Vote[] => [
      [`m${index}`, `m${index + 1}`, "a", 999],
      [`m${index}`, `m${index + 1}`, "b", 1],
    ]).flat();
    const board = toBoard(chain, [], { ...live, preset: "fastchat" });
    expect(find(board, "m0").rating! - find(board, "m60").rating!).toBeCloseTo(
      60 * 400 * Math.log10(999),
      1,
    );
    expectSound(board);
  });
});

describe("style and position", () => {
  test("votes whose style nobody counted are left out, and told", () => {
    const votes = withRandomStyle(toColumns([...ring(["x", "y", "z"], 9)]), seededRandom(3));
    votes.style.bold.b[4] = Number.NaN;
    votes.style.tokens.a[5] = Number.NaN;
    const board = rate(votes, { ...live, styleControl: true });
    expect(board.leftOut).toBe(2);
    expect(board.entries.reduce((sum, entry) => sum + entry.votes, 0)).toBe(2 * 25);
    expect(rate({ ...votes, style: undefined }, { ...live, styleControl: true })).toMatchObject({
      ...{ leftOut: 27, coefficients: [] },
    });
  });

  test.each(RATING_PRESETS)(
    "%s: a feature that is the same in every vote has no effect",
    (preset) => {
      const votes = withRandomStyle(toColumns([...ring(["x", "y", "z"], 9)]), seededRandom(4));
      votes.style.headers.a.fill(2);
      votes.style.headers.b.fill(5);
      votes.style.lists.a.fill(0);
      votes.style.lists.b.fill(0);
      const board = rate(votes, { ...live, preset, styleControl: true });
      expect(board.coefficients[1]).toEqual({ name: "headers", value: 0, lower: 0, upper: 0 });
      expect(board.coefficients[2]).toEqual({ name: "lists", value: 0, lower: 0, upper: 0 });
      expectSound(board);
    },
  );

  test("what standing first does is found again, and taken out", () => {
    const random = seededRandom(5);
    const effect = 0.4;
    const votes = Array.from({ length: 20_000 }, (): Vote => {
      const [a, b] = random() < 0.7 ? ["x", "y"] : ["y", "x"];
      return [a, b, random() < 1 / (1 + Math.exp(-effect)) ? "a" : "b"];
    });
    for (const preset of RATING_PRESETS) {
      const plain = toBoard(votes, [], { ...live, preset });
      const { entries, coefficients } = toBoard(votes, [], { ...live, preset, position: true });
      const [position] = coefficients;
      expect(position).toMatchObject({ name: "position" });
      expect(position!.lower).toBeLessThan(effect);
      expect(position!.upper).toBeGreaterThan(effect);
      expect(position!.upper - position!.lower).toBeLessThan(0.2);
      expect(plain.entries[0]!.lower).toBeGreaterThan(1000);
      expect(entries[0]!.lower).toBeLessThan(1000);
    }
  });

  test("who stood first always won: a finite number", () => {
    const votes: Vote[] = [
      ["x", "y", "a", 20],
      ["y", "x", "a", 20],
      ["y", "z", "a", 9],
      ["z", "y", "a", 9],
    ];
    const board = toBoard(votes, [], { ...live, position: true });
    expectSound(board);
    expect(board.coefficients[0]!.value).toBeGreaterThan(2);
    expect(board.entries[0]!.rating).toBeCloseTo(1000, 3);
  });

  test("Elo has neither", () => {
    for (const it of [{ styleControl: true }, { position: true }]) {
      expect(() => toBoard([], [], { ...live, system: "elo", ...it })).toThrow("Elo has no");
    }
  });
});

test("200 models, and random boards of every shape, are sound", () => {
  const seed = Date.now() % 2 ** 31;
  const random = seededRandom(seed);
  const outcomes: Outcome[] = ["a", "b", "tie", "both-bad"];
  const shapes = [[200, 1500], [30, 2000], ...Array.from({ length: 50 }, () => [6, 12])];
  for (const [order, most] of shapes) {
    const votes = Array.from({ length: Math.ceil(random() * most!) }, (): Vote => {
      const a = Math.floor(random() * order!);
      const b = (a + 1 + Math.floor(random() * (order! - 1))) % order!;
      return [`m${a}`, `m${b}`, outcomes[Math.floor(random() * 4)]!, 1 + Math.floor(random() * 3)];
    });
    const columns = withRandomStyle(toColumns(votes, ["idle"]), random);
    for (const preset of RATING_PRESETS) {
      for (const more of [
        {},
        { bootstrap: 5 },
        { position: true, votesMin: 3 },
        { styleControl: true },
        { styleControl: true, position: true, bootstrap: 3 },
        ...(preset === "fastchat" ? [{ system: "elo" as const, bootstrap: 3 }] : []),
      ]) {
        try {
          const board = rate(columns, { ...RATING_DEFAULTS, preset, ...more });
          expectSound(board);
          expectCentred(board);
          toPairTable(columns, board);
        } catch (cause) {
          throw new Error(`seed ${seed}, ${preset}, ${JSON.stringify(more)}`, { cause });
        }
      }
    }
  }
});

describe("intervals of few votes", () => {
  const votes: Vote[] = [
    ...([
      ["a", "b", "a", 3],
      ["a", "b", "b", 1],
      ["b", "c", "a", 2],
      ["c", "b", "a", 1],
    ] as Vote[]),
    ...([
      ["b", "c", "tie", 1],
      ["a", "c", "a", 2],
      ["a", "c", "b", 1],
    ] as Vote[]),
    ...([
      ["d", "c", "tie", 3],
      ["d", "a", "b", 1],
      ["a", "d", "tie", 1],
    ] as Vote[]),
  ];

  test("those of residuals alone are arena-rank's, also where a pair has one vote", () => {
    const board = toBoard(votes, [], { ...RATING_DEFAULTS, intervals: "sandwich" });
    // By arena-rank 0.1.1's formulas in NumPy: its Hessian, its gradients by bucket, its ridge of 1e-5.
    const expected = {
      a: [1129.012158, 953.638556, 1304.38576],
      b: [988.542241, 818.138633, 1158.945849],
      c: [941.836351, 809.776946, 1073.895756],
      d: [940.60925, 833.280684, 1047.937816],
    };
    for (const [model, [rating, lower, upper]] of Object.entries(expected)) {
      const entry = find(board, model);
      expect(entry.rating).toBeCloseTo(rating!, 4);
      expect(entry.lower).toBeCloseTo(lower!, 3);
      expect(entry.upper).toBeCloseTo(upper!, 3);
    }
  });

  test("those of boards do not shrink for want of votes", () => {
    const ties: Vote[] = [["x", "y", "tie", 3]];
    const widthOf = (board: RatedBoard) => {
      const { lower, upper } = find(board, "x");
      return upper! - lower!;
    };
    const sandwich = toBoard(ties, [], { ...RATING_DEFAULTS, intervals: "sandwich" });
    expect(widthOf(sandwich)).toBeCloseTo(0, 9);
    expect(widthOf(toBoard(ties))).toBeGreaterThan(200);
    expect(widthOf(toBoard(ties, [], { ...live, intervals: "few-votes" }))).toBe(
      widthOf(toBoard(ties)),
    );
  });
});

test("newcomers that tied among themselves do not take the board from models of many votes", () => {
  const board = toBoard([
    ...ring(["x", "y", "z"], 100),
    ["p", "q", "tie", 1],
    ["q", "r", "tie", 1],
    ["r", "s", "tie", 1],
    ["x", "p", "a", 20],
  ]);
  expect(statuses(board)).toMatchObject({ x: "rated", y: "rated", z: "rated", p: "winless" });
});
