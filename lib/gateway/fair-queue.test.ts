/**
 * Goal: nobody can take places or room from others by asking more. Method: the queue by hand; who is
 * served and refused is read from the names of the items.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { FairQueue, type Waiting } from "./fair-queue";

type Queue = FairQueue<string>;

function add(queue: Queue, lane: string, count: number, isUnderWay = false): Waiting<string>[] {
  return Array.from({ length: count }, () => {
    const item = `${lane}${queue.waitingIn(lane)}`;
    return queue.add(item, { lane, isUnderWay }).refused;
  }).filter((it) => it !== undefined);
}

function serve(queue: Queue, count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => queue.next(() => true)?.lane);
}

describe("turns", () => {
  test("go round the lanes, whoever asked more or earlier", () => {
    const queue: Queue = new FairQueue(100);
    add(queue, "a", 20);
    add(queue, "b", 2);
    add(queue, "c", 4);
    expect(serve(queue, 9)).toEqual([..."abcabcaca"]);
  });

  test("go to who has the fewest running", () => {
    const queue: Queue = new FairQueue(100);
    for (const lane of ["a", "a", "a", "b"]) queue.begin(lane);
    add(queue, "a", 3);
    add(queue, "b", 3);
    // b catches up, then they alternate.
    expect(serve(queue, 4)).toEqual(["b", "b", "a", "b"]);
    queue.end("a");
    queue.end("a");
    expect(serve(queue, 2)).toEqual(["a", "a"]);
    queue.assertConsistent();
  });

  test("within a lane go in order, what is under way before the rest", () => {
    const queue = new FairQueue<string>(100);
    for (const item of ["one", "two"]) queue.add(item, { lane: "a" });
    for (const item of ["part 1", "part 2"]) queue.add(item, { lane: "a", isUnderWay: true });
    const served = Array.from({ length: 4 }, () => queue.next(() => true)?.item);
    expect(served).toEqual(["part 1", "part 2", "one", "two"]);
    expect(queue.next(() => true)).toBeUndefined();
  });

  test("come to who stays although others come and go", () => {
    const queue: Queue = new FairQueue(100);
    add(queue, "stays", 50);
    const served: Record<string, number> = {};
    // One place; two callers that ask again as soon as they are answered.
    for (const lane of ["x", "y"]) add(queue, lane, 1);
    for (let turn = 0; turn < 30; turn++) {
      const lane = queue.next(() => true)?.lane ?? "";
      served[lane] = (served[lane] ?? 0) + 1;
      queue.end(lane);
      if (lane !== "stays") add(queue, lane, 1);
    }
    expect(served).toEqual({ stays: 10, x: 10, y: 10 });
  });

  test("pass over who cannot be served now", () => {
    const queue = new FairQueue<string>(100);
    queue.add("needs tools", { lane: "a" });
    queue.add("plain", { lane: "a" });
    expect(queue.next((item) => item === "plain")?.item).toBe("plain");
    expect(queue.size).toBe(1);
  });
});

describe("the bound", () => {
  test("is shared: ten thousand requests of one caller leave the room of others free", () => {
    const queue: Queue = new FairQueue(256);
    expect(add(queue, "greedy", 10_000)).toHaveLength(10_000 - 256);
    expect(queue.waitingIn("greedy")).toBe(256);
    // Each newcomer of a short lane gets in, for the newest of the longest.
    const refused = add(queue, "small", 5);
    expect(refused.map((it) => it.item)).toEqual(
      [255, 254, 253, 252, 251].map((n) => `greedy${n}`),
    );
    expect(queue.size).toBe(256);
    add(queue, "third", 1_000);
    add(queue, "small", 1_000);
    const lengths = ["greedy", "small", "third"].map((lane) => queue.waitingIn(lane));
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    queue.assertConsistent();
  });

  test("turns newcomers away where all lanes are as short", () => {
    const queue: Queue = new FairQueue(3);
    for (const lane of ["a", "b", "c"]) add(queue, lane, 1);
    const { waiting, refused } = queue.add("late", { lane: "d" });
    expect(refused).toBe(waiting);
    expect(queue.waitingIn("d")).toBe(0);
    queue.assertConsistent();
  });

  test("spares what is under way", () => {
    const queue: Queue = new FairQueue(4);
    add(queue, "a", 2, true);
    add(queue, "a", 2);
    const { waiting, refused } = queue.add("part", { lane: "a", isUnderWay: true });
    expect(refused).not.toBe(waiting);
    expect(refused?.item).toBe("a3");
    expect(add(queue, "b", 1)[0]?.item).toBe("a2");
  });

  test("who leaves makes room, and leaving twice does nothing", () => {
    const queue: Queue = new FairQueue(1);
    const { waiting } = queue.add("first", { lane: "a" });
    queue.remove(waiting);
    queue.remove(waiting);
    expect(queue.size).toBe(0);
    expect(queue.add("second", { lane: "a" }).refused).toBeUndefined();
    queue.assertConsistent();
  });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])("whatever comes and goes, turns are fair (seed %i)", (seed) => {
  const random = seededRandom(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const queue: Queue = new FairQueue(40);
  const lanes = [..."abcdefgh"];
  const running: string[] = [];
  const waiting = new Set<Waiting<string>>();
  for (let step = 0; step < 4_000; step++) {
    const lane = lanes[Math.min(pick(8), pick(8))]!;
    const draw = pick(10);
    if (draw < 5) {
      const added = queue.add(String(step), { lane, isUnderWay: pick(4) === 0 });
      waiting.add(added.waiting);
      if (added.refused) waiting.delete(added.refused);
      // Who is refused had no less room than the one who stays.
      if (added.refused && added.refused !== added.waiting) {
        const before = queue.waitingIn(added.refused.lane) + 1;
        expect(before).toBeGreaterThanOrEqual(queue.waitingIn(lane));
      }
    } else if (draw < 6) {
      const [leaver] = waiting;
      if (leaver) queue.remove(leaver);
      if (leaver) waiting.delete(leaver);
    } else if (draw < 8 && running.length < 12) {
      const fewest = Math.min(...[...waiting].map((it) => queue.runningIn(it.lane)));
      const served = queue.next(() => true);
      expect(served === undefined).toBe(waiting.size === 0);
      if (!served) continue;
      waiting.delete(served);
      running.push(served.lane);
      expect(queue.runningIn(served.lane) - 1).toBe(fewest);
    } else if (running.length > 0) {
      const [ended] = running.splice(pick(running.length), 1);
      queue.end(ended!);
    }
    queue.assertConsistent();
    expect(queue.size).toBe(waiting.size);
  }
});
