import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import fixture from "./__fixtures__/twenty-models.json";
import { type BoardEntry, toBoard, type VoteCount } from "./board";
import type { Outcome } from "./outcome";

const vote = (modelA: string, modelB: string, outcome: Outcome, count: number): VoteCount => ({
  modelA,
  modelB,
  outcome,
  count,
});

function find(board: BoardEntry[], model: string): BoardEntry {
  return board.find((entry) => entry.model === model)!;
}

const statuses = (board: BoardEntry[]) =>
  Object.fromEntries(board.map((entry) => [entry.model, entry.status]));

/** What must hold on every board whatsoever. */
function expectSound(board: BoardEntry[]) {
  for (const entry of board) {
    expect(entry.wins + entry.losses + entry.ties).toBe(entry.votes);
    const numbers = [entry.rating, entry.lower, entry.upper, entry.rank];
    if (entry.status !== "rated") expect(numbers).toEqual([null, null, null, null]);
    else {
      expect(numbers.every(Number.isFinite)).toBe(true);
      expect(entry.lower).toBeLessThan(entry.rating);
      expect(entry.upper).toBeGreaterThan(entry.rating);
    }
  }
  const rated = board.flatMap((entry) => (entry.status === "rated" ? [entry] : []));
  expect(rated.length).not.toBe(1);
  if (rated.length > 0) {
    const mean = rated.reduce((sum, entry) => sum + entry.rating, 0) / rated.length;
    expect(mean).toBeCloseTo(1000, 4);
    expect(Math.min(...rated.map((entry) => entry.rank))).toBe(1);
  }
}

test("no models, one model, no votes", () => {
  expect(toBoard({ models: [], votes: [] })).toEqual([]);
  const [only] = toBoard({ models: ["x"], votes: [] });
  expect(only).toMatchObject({ model: "x", status: "too-few-votes", votes: 0, rating: null });
  expect(statuses(toBoard({ models: ["x", "y"], votes: [] }))).toEqual({
    x: "too-few-votes",
    y: "too-few-votes",
  });
});

test("a model that never lost, and one that never won", () => {
  const two = toBoard({ models: [], votes: [vote("x", "y", "a", 5)] });
  expect(statuses(two)).toEqual({ x: "unbeaten", y: "winless" });
  const four = toBoard({
    models: [],
    votes: [
      vote("best", "x", "a", 5),
      vote("x", "y", "a", 3),
      vote("x", "y", "b", 2),
      vote("worst", "y", "b", 4),
    ],
  });
  expect(statuses(four)).toEqual({ best: "unbeaten", x: "rated", y: "rated", worst: "winless" });
  expectSound(four);
});

test("a group above or below the rated one has no rating either", () => {
  const board = toBoard({
    models: [],
    votes: [
      ...["x", "y", "z"].map((model, i, all) => vote(model, all[(i + 1) % 3]!, "a", 3)),
      vote("p", "q", "tie", 3),
      vote("p", "x", "a", 2),
      vote("r", "s", "tie", 3),
      vote("z", "r", "a", 2),
    ],
  });
  expect(statuses(board)).toMatchObject({
    p: "unbeaten",
    q: "unbeaten",
    r: "winless",
    s: "winless",
  });
  expect(find(board, "x").status).toBe("rated");
  expectSound(board);
});

test("models that never met the others are unconnected", () => {
  const board = toBoard({
    models: [],
    votes: [
      ...["x", "y", "z"].map((model, i, all) => vote(model, all[(i + 1) % 3]!, "a", 3)),
      vote("p", "q", "a", 3),
      vote("p", "q", "b", 3),
    ],
  });
  expect(statuses(board)).toMatchObject({ x: "rated", p: "unconnected", q: "unconnected" });
  expectSound(board);
});

test("a chain without a way back rates nobody", () => {
  const board = toBoard({ models: [], votes: [vote("x", "y", "a", 4), vote("y", "z", "a", 4)] });
  expect(statuses(board)).toEqual({ x: "unbeaten", y: "unconnected", z: "winless" });
});

test("one or two votes are too few, but count for the opponent", () => {
  const board = toBoard({
    models: ["idle"],
    votes: [vote("x", "y", "a", 3), vote("x", "y", "b", 2), vote("new", "x", "tie", 2)],
  });
  expect(statuses(board)).toEqual({
    x: "rated",
    y: "rated",
    new: "too-few-votes",
    idle: "too-few-votes",
  });
  expect(find(board, "x").votes).toBe(7);
  expectSound(board);
  const lonely = toBoard({
    models: [],
    votes: [vote("x", "y", "tie", 2), vote("x", "z", "tie", 2)],
  });
  expect(statuses(lonely)).toEqual({ x: "unconnected", y: "too-few-votes", z: "too-few-votes" });
});

test("both bad counts as a tie", () => {
  const as = (outcome: Outcome) =>
    toBoard({ models: [], votes: [vote("x", "y", "a", 5), vote("x", "y", outcome, 4)] });
  expect(as("both-bad")).toEqual(as("tie"));
  expect(find(as("both-bad"), "x")).toMatchObject({ wins: 5, ties: 4, losses: 0, status: "rated" });
});

test("all ties: all equal, all first", () => {
  const board = toBoard({
    models: [],
    votes: [vote("x", "y", "tie", 3), vote("y", "z", "both-bad", 3), vote("z", "x", "tie", 3)],
  });
  for (const entry of board) {
    expect(entry).toMatchObject({ status: "rated", rank: 1 });
    expect(entry.rating).toBeCloseTo(1000, 6);
  }
  expectSound(board);
});

test("it does not matter which side a model took", () => {
  const left = toBoard({ models: [], votes: [vote("x", "y", "a", 7), vote("x", "y", "b", 3)] });
  const right = toBoard({ models: [], votes: [vote("y", "x", "b", 7), vote("y", "x", "a", 3)] });
  expect(right).toEqual(left);
});

test("a rank counts only those better beyond doubt", () => {
  const board = toBoard({
    models: [],
    votes: [
      vote("strong", "middle", "a", 900),
      vote("strong", "middle", "b", 100),
      vote("middle", "twin", "tie", 10),
      vote("middle", "weak", "a", 900),
      vote("middle", "weak", "b", 100),
    ],
  });
  expect(find(board, "strong").rank).toBe(1);
  expect(find(board, "twin").rank).toBe(find(board, "middle").rank);
  expect(find(board, "weak").rank).toBe(4);
});

test("the reference board has 20 rated models in the reference's order", () => {
  const votes = fixture.votes.map(([a, b, outcome, count]) =>
    vote(a as string, b as string, outcome as Outcome, count as number),
  );
  const board = toBoard({ models: [], votes });
  expectSound(board);
  const expected = Object.entries(fixture.btExactWithoutAnchor).sort(([, x], [, y]) => y - x);
  expect(board.map((entry) => entry.model)).toEqual(expected.map(([model]) => model));
  for (const [model, rating] of expected) {
    expect(Math.abs(find(board, model).rating! - rating)).toBeLessThan(0.01);
  }
});

test("200 models, and random boards of every shape, are sound", () => {
  const seed = Date.now();
  const random = seededRandom(seed);
  const outcomes: Outcome[] = ["a", "b", "tie", "both-bad"];
  for (const [order, count] of [[200, 1500], ...Array.from({ length: 300 }, () => [6, 12])]) {
    const votes = Array.from({ length: Math.ceil(random() * count!) }, () => {
      const a = Math.floor(random() * order!);
      const b = (a + 1 + Math.floor(random() * (order! - 1))) % order!;
      return vote(
        `m${a}`,
        `m${b}`,
        outcomes[Math.floor(random() * 4)]!,
        1 + Math.floor(random() * 3),
      );
    });
    try {
      expectSound(toBoard({ models: ["idle"], votes }));
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});
