/**
 * Goal: the scheduler's invariants hold over any history.
 * Method: random arrivals, turns and departures by seed, checked after each step.
 */
import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { Scheduler } from "./scheduler";

type Member = { name: number };

test("two members take turns, and a third waits for a slot", () => {
  const scheduler = new Scheduler<Member>(2);
  const [a, b, c] = [{ name: 0 }, { name: 1 }, { name: 2 }] as const;
  for (const member of [a, b, c]) scheduler.add(member);
  expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([2, 1]);
  expect([scheduler.next(), scheduler.next(), scheduler.next()]).toEqual([a, b, a]);
  scheduler.remove(b);
  expect([scheduler.runningCount, scheduler.waitingCount]).toEqual([2, 0]);
  expect([scheduler.next(), scheduler.next()]).toEqual([a, c]);
});

test("a member is added once, and removing a stranger changes nothing", () => {
  const scheduler = new Scheduler<Member>(1);
  const member = { name: 0 };
  scheduler.add(member);
  expect(() => scheduler.add(member)).toThrow(/added once/);
  scheduler.remove({ name: 0 });
  expect(scheduler.next()).toBe(member);
  scheduler.remove(member);
  expect(scheduler.next()).toBeUndefined();
});

test("fuzz: slots are never idle nor overdrawn, and arrivals keep their order", () => {
  const seed = 90_210;
  const random = seededRandom(seed);
  for (let history = 0; history < 50; history++) {
    const slotCount = 1 + Math.floor(random() * 5);
    const scheduler = new Scheduler<Member>(slotCount);
    const present = new Set<Member>();
    /** Members in order of their first turn. */
    const admitted: number[] = [];
    let arrivals = 0;
    const seen = new Set<Member>();
    for (let step = 0; step < 300; step++) {
      const label = `seed ${seed}, history ${history}, step ${step}`;
      const choice = random();
      if (choice < 0.2) {
        const member = { name: arrivals++ };
        scheduler.add(member);
        present.add(member);
      } else if (choice < 0.35 && present.size > 0) {
        const member = [...present][Math.floor(random() * present.size)]!;
        scheduler.remove(member);
        present.delete(member);
      } else {
        const member = scheduler.next();
        expect(member !== undefined, label).toBe(present.size > 0);
        if (!member) continue;
        expect(present.has(member), label).toBe(true);
        if (!seen.has(member)) admitted.push(member.name);
        seen.add(member);
      }
      expect(scheduler.runningCount, label).toBe(Math.min(slotCount, present.size));
      expect(scheduler.runningCount + scheduler.waitingCount, label).toBe(present.size);
      expect(new Set(scheduler.members).size, label).toBe(present.size);
    }
    expect(admitted, `seed ${seed}, history ${history}`).toEqual(
      [...admitted].sort((a, b) => a - b),
    );
  }
});

test("between two turns of one member every other has exactly one", () => {
  const scheduler = new Scheduler<Member>(5);
  for (let name = 0; name < 5; name++) scheduler.add({ name });
  const turns = Array.from({ length: 50 }, () => scheduler.next()!.name);
  for (let at = 0; at + 5 <= turns.length; at++) {
    expect(new Set(turns.slice(at, at + 5)).size).toBe(5);
  }
});
