import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { SAME_SIGNAL_MS } from "@/lib/limits";
import { untilTold } from "./signals";

function fakeProcess({ isForked, connected = true }: { isForked: boolean; connected?: boolean }) {
  const exits: number[] = [];
  const emitter = new EventEmitter();
  const told = Object.assign(emitter, {
    exit: (code: number) => exits.push(code),
    ...(isForked ? { send: () => true, connected } : {}),
  });
  const clock = { nowMs: 0 };
  return { told, exits, clock, signal: untilTold(told, () => clock.nowMs) };
}

describe("untilTold", () => {
  test.each(["SIGTERM", "SIGINT"])("%s drains, a second one exits at once", (name) => {
    const { told, exits, clock, signal } = fakeProcess({ isForked: false });
    told.emit(name);
    expect([signal.aborted, exits]).toEqual([true, []]);
    // The same one again, from npm.
    clock.nowMs += 20;
    told.emit(name);
    expect(exits).toEqual([]);
    clock.nowMs += SAME_SIGNAL_MS;
    told.emit(name);
    expect(exits).toEqual([130]);
  });

  test("with a parent SIGINT is the parent's, and its end is a reason to drain", () => {
    const { told, exits, signal } = fakeProcess({ isForked: true });
    told.emit("SIGINT");
    expect(signal.aborted).toBe(false);
    told.emit("disconnect");
    expect([signal.aborted, exits]).toEqual([true, []]);
    told.emit("SIGTERM");
    expect(exits).toEqual([130]);
  });

  test("a parent that is gone already is noticed", () => {
    expect(fakeProcess({ isForked: true, connected: false }).signal.aborted).toBe(true);
  });
});
