import { expect, test } from "vitest";
import { ANSWER_TOKENS_EXPECTED, CHARACTERS_A_TOKEN, READ_TOKEN_COST } from "@/lib/fleet-limits";
import { seededRandom } from "@/lib/util/random";
import { WorkMeter } from "./work-meter";

function makeMeter() {
  const clock = { nowMs: 0 };
  return { clock, meter: new WorkMeter(() => clock.nowMs) };
}

test("what is outstanding: the prompt until it is read, then what answers usually write, and no more than may be", () => {
  const { meter } = makeMeter();
  const work = meter.enter({ promptCharacters: 800 * CHARACTERS_A_TOKEN });
  work.start();
  expect(meter.outstandingTokens).toBe(800 * READ_TOKEN_COST + ANSWER_TOKENS_EXPECTED);
  work.prompt(400, 300);
  expect(meter.outstandingTokens).toBe(400 * READ_TOKEN_COST + ANSWER_TOKENS_EXPECTED);
  work.wrote(1);
  expect(meter.outstandingTokens).toBe(ANSWER_TOKENS_EXPECTED);
  work.wrote(289);
  expect(meter.outstandingTokens).toBe(10);
  work.end();
  work.end();
  expect(meter.outstandingTokens).toBe(0);
});

test("one that writes all it may counts for that; one that may not write counts for its prompt", () => {
  const { meter } = makeMeter();
  const exact = meter.enter({ promptCharacters: 0, maxTokens: 4_000, isExact: true });
  expect(meter.outstandingTokens).toBe(4_000);
  exact.wrote(1_000);
  expect(meter.outstandingTokens).toBe(3_000);
  exact.end();
  meter.enter({ promptCharacters: 4_000, maxTokens: 0 });
  expect(meter.outstandingTokens).toBe((4_000 / CHARACTERS_A_TOKEN) * READ_TOKEN_COST);
});

test("the expected length follows the answers, not what they allow", () => {
  const { meter } = makeMeter();
  const random = seededRandom(3);
  for (let count = 0; count < 200; count++) {
    const work = meter.enter({ promptCharacters: 0, maxTokens: 4_096 });
    work.start();
    work.wrote(1 + Math.floor(random() * 39));
    work.end();
  }
  meter.enter({ promptCharacters: 0, maxTokens: 4_096 });
  expect(meter.outstandingTokens).toBeGreaterThan(10);
  expect(meter.outstandingTokens).toBeLessThan(30);
  // From the first answer on.
  const { meter: fresh } = makeMeter();
  const first = fresh.enter({ promptCharacters: 0 });
  first.wrote(20);
  first.end();
  fresh.enter({ promptCharacters: 0 });
  expect(fresh.outstandingTokens).toBe(20);
});

test("the speed is that of all requests together, while there was any", () => {
  const { meter, clock } = makeMeter();
  expect(meter.tokensPerSecond).toBeUndefined();
  const works = [meter.enter({ promptCharacters: 0 }), meter.enter({ promptCharacters: 0 })];
  for (const work of works) work.start();
  for (let second = 0; second < 10; second++) {
    clock.nowMs += 1_000;
    for (const work of works) work.wrote(20);
    expect(meter.tokensPerSecond).toBeCloseTo(40, 5);
    expect(meter.tokensPerRequestSecond).toBeCloseTo(20, 5);
  }
  for (const work of works) work.end();
  // Nothing to do is not slowness, and who waits for a slot is no work yet.
  const waiting = meter.enter({ promptCharacters: 0 });
  clock.nowMs += 600_000;
  expect(meter.tokensPerSecond).toBeCloseTo(40, 5);
  waiting.end();
  const slower = meter.enter({ promptCharacters: 0 });
  slower.start();
  for (let second = 0; second < 120; second++) {
    clock.nowMs += 1_000;
    slower.wrote(5);
  }
  expect(meter.tokensPerSecond).toBeCloseTo(5, 0);
});

test("what only reads has a speed in the same measure", () => {
  const { meter, clock } = makeMeter();
  const work = meter.enter({ promptCharacters: 32_000, maxTokens: 0 });
  work.start();
  clock.nowMs += 2_000;
  work.end(8_000);
  expect(meter.tokensPerSecond).toBeCloseTo((8_000 * READ_TOKEN_COST) / 2, 5);
});

test("what each request gets is the same at a busy worker and at its idle twin, what all get is not", () => {
  let nowMs = 0;
  const [busy, idle] = [new WorkMeter(() => nowMs), new WorkMeter(() => nowMs)];
  const begin = (meter: WorkMeter, count: number) =>
    Array.from({ length: count }, () => {
      const work = meter.enter({ promptCharacters: 0 });
      work.start();
      return work;
    });
  const works = [...begin(busy, 15), ...begin(idle, 1)];
  // As long as they do not slow each other down.
  for (let step = 0; step < 200; step++) {
    nowMs += 20;
    for (const work of works) work.wrote(1);
  }
  expect(busy.tokensPerSecond).toBeCloseTo(750, 5);
  expect(idle.tokensPerSecond).toBeCloseTo(50, 5);
  expect(busy.tokensPerRequestSecond).toBeCloseTo(50, 5);
  expect(idle.tokensPerRequestSecond).toBeCloseTo(50, 5);
});
