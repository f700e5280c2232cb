import { expect, test } from "vitest";
import { planStorm } from "@/e2e/fleet/storm";
import { seededRandom } from "@/lib/util/random";
import { countFaults } from "./chaos";

const plan = (seed: number) =>
  planStorm({ random: seededRandom(seed), durationMs: 120_000, webCount: 2, workerCount: 3 });

test("a storm is drawn by its seed alone", () => {
  expect(plan(3)).toEqual(plan(3));
  expect(plan(3)).not.toEqual(plan(4));
});

test.each([1, 2, 3, 4, 5])("storm %i hits every kind of member, and always spares one", (seed) => {
  const blows = plan(seed);
  for (const role of ["web", "worker", "database"]) {
    expect(blows.some((it) => it.target.startsWith(role))).toBe(true);
  }
  for (const { atMs } of blows) {
    const down = blows.filter((it) => it.atMs <= atMs && atMs < it.atMs + it.downMs);
    const names = down.map((it) => it.target);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((it) => it.startsWith("web")).length).toBeLessThan(2);
    expect(names.filter((it) => it.startsWith("worker")).length).toBeLessThan(3);
  }
});

test("faults of one kind are one line", () => {
  const faults = ["a-1 after 3 tokens: lost", "a-22 after 40 tokens: lost", "a-1: late"];
  expect(countFaults(faults)).toEqual(["2 × a-1 after 3 tokens: lost", "1 × a-1: late"]);
});
