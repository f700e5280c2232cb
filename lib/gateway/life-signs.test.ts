/**
 * Goal: a frozen worker is found within seconds, and one that works in silence is left alone.
 * Method: a clock that only the test moves, and answers that it gives.
 */
import { expect, test, vi } from "vitest";
import type { ProbeOutcome } from "@/lib/controller/probe";
import {
  LIFE_SIGNS_MISSED_ALONE_MAX,
  LIFE_SIGNS_MISSED_MAX,
  STREAM_DOUBT_AFTER_MS,
} from "@/lib/fleet-limits";
import { LifeSigns, type WatchedStream } from "./life-signs";

function createWorld(outcome: ProbeOutcome) {
  const world = { nowMs: 0, outcome, asked: [] as string[] };
  const signs = new LifeSigns({
    probe: async ({ instanceId }) => {
      world.asked.push(instanceId);
      return world.outcome;
    },
    now: () => world.nowMs,
  });
  const watch = (instanceId: string, changes: Partial<WatchedStream> = {}) => {
    const stream = {
      worker: { id: instanceId, kind: "mock", address: "http://127.0.0.1:1", instanceId },
      waitingSinceMs: world.nowMs,
      hasElsewhere: async () => true,
      giveUp: vi.fn(),
      ...changes,
    };
    return { stream, stop: signs.watch(stream) };
  };
  const lookAfter = async (ms: number) => {
    world.nowMs += ms;
    await signs.look();
  };
  return { world, watch, lookAfter };
}

test("nobody is asked whose stream flows, or whose reader is the one that waits", async () => {
  const { world, watch, lookAfter } = createWorld("silent");
  const { stream: flowing } = watch("flows");
  const { stream: unread } = watch("unread", { waitingSinceMs: undefined });
  for (let look = 0; look < 20; look++) {
    flowing.waitingSinceMs = world.nowMs;
    await lookAfter(STREAM_DOUBT_AFTER_MS - 1);
  }
  expect(world.asked).toEqual([]);
  expect(flowing.giveUp).not.toHaveBeenCalled();
  expect(unread.giveUp).not.toHaveBeenCalled();
});

test("a worker is asked once for all its streams, and all are given up when it misses the question twice", async () => {
  const { world, watch, lookAfter } = createWorld("silent");
  const streams = Array.from({ length: 5 }, () => watch("frozen").stream);
  await lookAfter(STREAM_DOUBT_AFTER_MS);
  for (let missed = 1; missed < LIFE_SIGNS_MISSED_MAX; missed++) {
    for (const { giveUp } of streams) expect(giveUp).not.toHaveBeenCalled();
    await lookAfter(1);
  }
  expect(world.asked).toHaveLength(LIFE_SIGNS_MISSED_MAX);
  for (const { giveUp } of streams) expect(giveUp).toHaveBeenCalledTimes(1);
  const lost = expect.objectContaining({ code: "worker-lost" });
  expect(streams[0]?.giveUp).toHaveBeenCalledWith(lost);
});

test("where nobody else can go on it is waited for longer", async () => {
  const { watch, lookAfter } = createWorld("silent");
  const { stream } = watch("frozen", { hasElsewhere: async () => false });
  await lookAfter(STREAM_DOUBT_AFTER_MS);
  for (let missed = 1; missed < LIFE_SIGNS_MISSED_ALONE_MAX; missed++) {
    expect(stream.giveUp).not.toHaveBeenCalled();
    await lookAfter(1);
  }
  expect(stream.giveUp).toHaveBeenCalledTimes(1);
});

test.each(["ready", "starting", "draining"] as const)(
  "a worker that says it is %s works on in silence, and is asked seldom",
  async (outcome) => {
    const { world, watch, lookAfter } = createWorld(outcome);
    const { stream } = watch("reads a long prompt");
    for (let look = 0; look < 60; look++) await lookAfter(STREAM_DOUBT_AFTER_MS / 6);
    expect(world.asked.length).toBeGreaterThan(5);
    expect(world.asked.length).toBeLessThanOrEqual(10);
    expect(stream.giveUp).not.toHaveBeenCalled();
  },
);

test.each(["refused", "another-life"] as const)(
  "a process that is gone (%s) is given up at once, also where nobody else can go on",
  async (outcome) => {
    const { watch, lookAfter } = createWorld(outcome);
    const { stream } = watch("gone", { hasElsewhere: async () => false });
    await lookAfter(STREAM_DOUBT_AFTER_MS);
    expect(stream.giveUp).toHaveBeenCalledTimes(1);
  },
);

test("what comes while the question is out saves the stream, and a thaw clears the doubt", async () => {
  const { world, watch, lookAfter } = createWorld("silent");
  const { stream } = watch("slow");
  await lookAfter(STREAM_DOUBT_AFTER_MS);
  // A token, and then the worker hangs again: its questions are counted anew.
  stream.waitingSinceMs = world.nowMs;
  await lookAfter(1);
  expect(stream.giveUp).not.toHaveBeenCalled();
  world.outcome = "ready";
  await lookAfter(STREAM_DOUBT_AFTER_MS);
  world.outcome = "silent";
  await lookAfter(STREAM_DOUBT_AFTER_MS);
  expect(stream.giveUp).not.toHaveBeenCalled();
});

test("a stream that has ended is not given up", async () => {
  const { watch, lookAfter } = createWorld("silent");
  const { stream, stop } = watch("gone");
  await lookAfter(STREAM_DOUBT_AFTER_MS);
  stop();
  await lookAfter(1);
  expect(stream.giveUp).not.toHaveBeenCalled();
});
