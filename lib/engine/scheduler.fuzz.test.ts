/**
 * Goal: the scheduler's invariants hold over any history.
 * Method: random arrivals, chunks and departures by seed, checked after each step.
 */
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { Scheduler } from "./scheduler";

type Member = { name: number; promptTokensLeft: number };
const member = (name: number, promptTokensLeft: number): Member => ({ name, promptTokensLeft });

test("slots are given in order, and one that is given back goes to who waits longest", () => {
  const scheduler = new Scheduler<Member>(2);
  const [a, b, c] = [member(0, 5), member(1, 5), member(2, 5)];
  for (const it of [a, b, c]) scheduler.add(it);
  expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([2, 1]);
  scheduler.remove(b);
  expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([2, 0]);
  expect(scheduler.members).toEqual([a, c]);
});

test("a short question passes a book, and the book goes on", () => {
  const scheduler = new Scheduler<Member>(3);
  const [book, question] = [member(0, 1_000), member(1, 10)];
  scheduler.add(book);
  scheduler.add(question);
  const names: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const next = scheduler.nextPrompt()!;
    names.push(next.name);
    next.promptTokensLeft -= Math.min(64, next.promptTokensLeft);
    if (next.promptTokensLeft === 0) scheduler.promote(next);
  }
  expect(names).toEqual([0, 1, 0, 0]);
  expect(book.promptTokensLeft).toBe(1_000 - 3 * 64);
  expect(scheduler.isAnyoneDecoding).toBe(true);
});

test("misuse is a bug, and removing a stranger changes nothing", () => {
  const scheduler = new Scheduler<Member>(1);
  const it = member(0, 2);
  scheduler.add(it);
  expect(() => scheduler.add(it)).toThrow(/added once/);
  expect(() => scheduler.promote(it)).toThrow(/whole prompt/);
  expect(() => scheduler.promote(member(1, 0))).toThrow(/under way/);
  expect(() => scheduler.park(it)).toThrow(/who decodes/);
  expect(() => scheduler.resume(it)).toThrow(/who is parked/);
  scheduler.remove(member(0, 2));
  expect(scheduler.nextPrompt()).toBe(it);
  scheduler.remove(it);
  expect(scheduler.nextPrompt()).toBeUndefined();
});

test("fuzz: nobody is lost, overtaken, starved or in twice", () => {
  const seed = Math.floor(Math.random() * 1e9);
  const random = seededRandom(seed);
  for (let history = 0; history < 50; history++) {
    const slotCount = 1 + Math.floor(random() * 5);
    const scheduler = new Scheduler<Member>(slotCount);
    const present = new Set<Member>();
    const begun: number[] = [];
    const decoding = new Set<Member>();
    const parked = new Set<Member>();
    const draw = (of: ReadonlySet<Member>) => [...of][Math.floor(random() * of.size)];
    /** Chunks of others since the oldest prompt under way had one. */
    let passedOver = 0;
    for (let step = 0; step < 300; step++) {
      const label = `seed ${seed}, history ${history}, step ${step}`;
      const choice = random();
      if (choice < 0.25) {
        const it = member(step, 1 + Math.floor(random() * 100));
        scheduler.add(it);
        present.add(it);
      } else if (choice < 0.35) {
        const it = [...present][Math.floor(random() * present.size)];
        if (it) {
          scheduler.remove(it);
          for (const set of [present, decoding, parked]) set.delete(it);
        }
      } else if (choice < 0.5) {
        const it = draw(decoding);
        if (it) {
          scheduler.park(it);
          decoding.delete(it);
          parked.add(it);
        }
      } else if (choice < 0.6) {
        const it = draw(parked);
        if (it) {
          scheduler.resume(it);
          parked.delete(it);
          decoding.add(it);
        }
      } else {
        const running = scheduler.members.slice(0, scheduler.runningCount);
        const oldest = running.find((it) => it.promptTokensLeft > 0);
        const next = scheduler.nextPrompt();
        expect(next === undefined, label).toBe(oldest === undefined);
        if (next) {
          passedOver = next === oldest ? 0 : passedOver + 1;
          expect(passedOver, label).toBeLessThanOrEqual(1);
          if (!begun.includes(next.name)) begun.push(next.name);
          next.promptTokensLeft -= Math.min(next.promptTokensLeft, 1 + Math.floor(random() * 40));
          if (next.promptTokensLeft === 0) {
            scheduler.promote(next);
            decoding.add(next);
          }
        }
      }
      expect(scheduler.isAnyoneDecoding, label).toBe(decoding.size > 0);
      // Who is parked keeps the slot and gives a step nothing to do.
      expect(scheduler.isAnyoneRunnable, label).toBe(scheduler.runningCount > parked.size);
      const { members, runningCount, waitingCount } = scheduler;
      expect(new Set(members), label).toEqual(present);
      expect(members, label).toHaveLength(present.size);
      expect(runningCount, label).toBe(Math.min(slotCount, present.size));
      expect(runningCount + waitingCount, label).toBe(present.size);
      // Those without a slot came after all those with one.
      const lastRunning = Math.max(-1, ...members.slice(0, runningCount).map((it) => it.name));
      for (const it of members.slice(runningCount)) {
        expect(it.name, label).toBeGreaterThan(lastRunning);
      }
    }
    expect(begun.length).toBeGreaterThan(0);
  }
});
