import { expect, test } from "vitest";
import { judgePassthrough, type PassthroughRow } from "./goals";

const row = (changes: Partial<PassthroughRow> = {}): PassthroughRow => ({
  title: "vllm",
  direct: { first: { p50: 0.1, p99: 0.2 }, whole: { p50: 1, p99: 2 }, chunksPerSecond: 100_000 },
  added: { first: { p50: 1, p99: 3 }, whole: { p50: 2, p99: 4 } },
  ...{ alone: { p50: 1, p99: 3 }, young: { p50: 9, p99: 30 } },
  ...{ chunksPerSecond: 60_000, cpuUsAChunk: { direct: 10, own: 19 }, whole: 5, broken: 0 },
  fault: undefined,
  ...changes,
});
const isMet = (...rows: PassthroughRow[]) => judgePassthrough(rows).map((goal) => goal.isMet);

test("a row that keeps within its limits meets its goals", () => {
  expect(isMet(row())).toEqual([true, true, true, true, true]);
});

test("each limit is missed by itself", () => {
  expect(isMet(row({ added: { first: { p50: 3, p99: 4 }, whole: { p50: 3, p99: 4 } } }))[0]).toBe(
    false,
  );
  expect(isMet(row({ added: { first: { p50: 1, p99: 40 }, whole: { p50: 1, p99: 40 } } }))[1]).toBe(
    false,
  );
  expect(isMet(row({ alone: { p50: 3, p99: 4 } }))[2]).toBe(false);
  expect(isMet(row({ cpuUsAChunk: { direct: 1, own: 50 } }))[3]).toBe(false);
  expect(isMet(row(), row({ broken: 1 })).at(-1)).toBe(false);
  expect(isMet(row({ whole: 0 })).at(-1)).toBe(false);
});

test("where the system tells nothing of processes, the goal of their time is left open", () => {
  expect(isMet(row({ cpuUsAChunk: { direct: undefined, own: 5 } }))[3]).toBeUndefined();
});
