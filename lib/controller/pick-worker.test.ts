import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { LiveLoad } from "./live-load";
import { pickRoom, pickWorker } from "./pick-worker";

const candidate = (id: string, load: number, slots: number, isSuspect = false) => {
  return { id, load, slots, isSuspect };
};

test("the shortest queue a slot wins", () => {
  const picked = pickWorker([candidate("a", 2, 2), candidate("b", 3, 8), candidate("c", 1, 1)]);
  expect(picked?.id).toBe("b");
  expect(pickWorker([])).toBeUndefined();
});

test("a suspect is picked only when there is nobody else", () => {
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
    pickRoom(candidates, { maySuspect: true, leavesRoom })?.worker.id;
  expect(pick([room("a", 0)], true)).toBe("a");
  expect(pick([room("a", 1), room("b", 1)], true)).toBeDefined();
  for (const candidates of [[room("a", 1)], [room("a", 2), room("b", 1)], [room("a", 2)]]) {
    expect(pick(candidates, true)).toBeUndefined();
    expect(pick(candidates, false)).toBeDefined();
  }
});

test("live load adds what began and takes off what ended since the report", () => {
  const live = new LiveLoad();
  const { release: end } = live.begin("w");
  live.begin("w");
  expect(live.estimate("w", 3)).toBe(5);
  live.report("w");
  expect(live.estimate("w", 5)).toBe(5);
  end();
  end();
  expect(live.estimate("w", 5)).toBe(4);
  expect(live.inFlight("w")).toBe(1);
  // A report written before our request reached the worker does not hide it.
  live.report("w");
  expect(live.estimate("w", 0)).toBe(1);
  expect(live.estimate("other", 0)).toBe(0);
});
