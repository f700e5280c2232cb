import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { pickRoom, pickWorker } from "./pick-worker";

const candidate = (id: string, load: number, slots: number, isOpen = false) => {
  return { id, load, slots, isOpen };
};

test("the shortest queue a slot wins", () => {
  const picked = pickWorker([candidate("a", 2, 2), candidate("b", 3, 8), candidate("c", 1, 1)]);
  expect(picked?.id).toBe("b");
  expect(pickWorker([])).toBeUndefined();
});

test("one whose breaker is open is picked only when there is nobody else", () => {
  expect(pickWorker([candidate("a", 0, 8, true), candidate("b", 60, 8)])?.id).toBe("b");
  expect(pickWorker([candidate("a", 0, 8, true)])?.id).toBe("a");
});

test("ties fall evenly", () => {
  const random = seededRandom(7);
  const counts = new Map<string, number>();
  const tied = ["a", "b", "c"].map((id) => candidate(id, 0, 4));
  for (let draw = 0; draw < 3_000; draw++) {
    const id = pickWorker(tied, random)?.id ?? "";
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  expect(counts.size).toBe(3);
});

test("what nobody waits for leaves a slot free, and is never sent ahead", () => {
  const room = (id: string, load: number) => ({
    ...candidate(id, load, 2),
    waitingMax: 4,
    ahead: 0,
  });
  const pick = (candidates: ReturnType<typeof room>[], leavesRoom: boolean) =>
    pickRoom(candidates, { maySuspect: true, leavesRoom }, ([first]) => first!)?.worker.id;
  expect(pick([room("a", 0)], true)).toBe("a");
  expect(pick([room("a", 1), room("b", 1)], true)).toBeDefined();
  for (const candidates of [[room("a", 1)], [room("a", 2), room("b", 1)], [room("a", 2)]]) {
    expect(pick(candidates, true)).toBeUndefined();
    expect(pick(candidates, false)).toBeDefined();
  }
});

test("while nothing else is there, one whose breaker is open waits for a beat or for who may try it", () => {
  const room = { ...candidate("a", 0, 1, true), waitingMax: 0, ahead: 0 };
  const pick = (hasBeaten: boolean, maySuspect: boolean) =>
    pickRoom([{ ...room, hasBeaten }], { maySuspect }, ([first]) => first!)?.worker.id;
  expect(pick(false, false)).toBeUndefined();
  expect(pick(true, false)).toBe("a");
  expect(pick(false, true)).toBe("a");
});
