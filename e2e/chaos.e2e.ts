/**
 * Goal: clients notice as little as was promised when processes end, freeze and come back under load.
 * Method: real processes, blows at set moments; the long form, at random, is `npm run bench -- chaos`.
 */
import { expect, test } from "@playwright/test";
import { runChaos } from "./fleet/chaos";
import type { Blow } from "./fleet/storm";

test.describe.configure({ timeout: 120_000 });

/** Every kind of member is hit, two of them at a time. */
const BLOWS: Blow[] = [
  { atMs: 1_000, kind: "kill", target: "worker 1", downMs: 500 },
  { atMs: 2_000, kind: "freeze", target: "worker 2", downMs: 1_500 },
  { atMs: 3_000, kind: "kill", target: "web 2", downMs: 300 },
  { atMs: 4_500, kind: "kill", target: "database", downMs: 500 },
  { atMs: 5_000, kind: "restart", target: "worker 3", downMs: 100 },
];

test("a short storm over web processes, workers and the database breaks no promise", async () => {
  const lines: string[] = [];
  const report = await runChaos(
    {
      ...{ seed: 1, seconds: 7, clientCount: 32, blows: BLOWS, rules: { resumes: true } },
      tokenCount: { low: 40, high: 120 },
      logFolder: test.info().outputPath("logs"),
    },
    (line) => lines.push(line),
  );
  const story = lines.join("\n");
  expect(report.faults, story).toEqual([]);
  expect(report.outages, story).toHaveLength(BLOWS.length);
  const whole = report.cases.filter((it) => it.tries.at(-1)?.ending.kind === "complete");
  expect(whole.length, story).toBeGreaterThan(32);
});
