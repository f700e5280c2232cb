import { setMaxListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AppError } from "@/lib/errors";
import { SLOT_WAIT_MS_MAX, WAITING_MAX } from "@/lib/limits";
import { type Random, seededRandom } from "@/lib/util/random";
import { Admission, type Slot } from "./admission";

const never = new AbortController().signal;
setMaxListeners(0, never);
const overloaded = expect.objectContaining({ code: "overloaded" });

afterEach(() => vi.useRealTimers());

describe("admission", () => {
  test("a free slot is given at once, and counted", async () => {
    const admission = new Admission({ slots: 2 });
    const slot = await admission.enter(never).slot;
    expect(slot.queuedMs).toBe(0);
    expect([admission.running, admission.waiting]).toEqual([1, 0]);
    slot.release();
    expect(admission.running).toBe(0);
  });

  test("those who wait are served in the order they came", async () => {
    const admission = new Admission({ slots: 1 });
    let held = await admission.enter(never).slot;
    const order: number[] = [];
    const waits = [0, 1, 2].map((index) =>
      admission.enter(never).slot.then((slot) => {
        order.push(index);
        held = slot;
      }),
    );
    for (const wait of waits) {
      held.release();
      await wait;
    }
    expect(order).toEqual([0, 1, 2]);
  });

  test("a full waiting room refuses at the door and says when to come back", async () => {
    const admission = new Admission({ slots: 1 });
    await admission.enter(never).slot;
    for (let index = 0; index < WAITING_MAX; index++) void admission.enter(never);
    expect(admission.waiting).toBe(WAITING_MAX);
    expect(() => admission.enter(never)).toThrow(
      expect.objectContaining({ code: "overloaded", retryAfterSeconds: expect.any(Number) }),
    );
  });

  test("an abort leaves the queue at once and lets the next one move up", async () => {
    const admission = new Admission({ slots: 1, waitingMax: 2 });
    const first = await admission.enter(never).slot;
    const impatient = new AbortController();
    const second = admission.enter(impatient.signal).slot;
    const third = admission.enter(never).slot;
    impatient.abort(new Error("gone"));
    expect(admission.waiting).toBe(1);
    await expect(second).rejects.toThrow("gone");
    first.release();
    (await third).release();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  test("a signal that aborted before takes no place", async () => {
    const admission = new Admission({ slots: 1 });
    await expect(admission.enter(AbortSignal.abort()).slot).rejects.toThrow("aborted");
    expect(admission.running).toBe(0);
  });

  test("who waits too long is refused and its place is free", async () => {
    vi.useFakeTimers();
    const admission = new Admission({ slots: 1 });
    await admission.enter(never).slot;
    const wait = admission.enter(never).slot;
    const refused = expect(wait).rejects.toEqual(overloaded);
    await vi.advanceTimersByTimeAsync(SLOT_WAIT_MS_MAX - 1);
    expect(admission.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await refused;
    expect(admission.waiting).toBe(0);
  });

  test("closing refuses who waits and who comes; who runs goes on until idle", async () => {
    const admission = new Admission({ slots: 1 });
    const slot = await admission.enter(never).slot;
    const waiting = admission.enter(never).slot;
    admission.close(new AppError("overloaded", { message: "closing" }));
    await expect(waiting).rejects.toThrow("closing");
    expect(() => admission.enter(never)).toThrow("closing");
    await expect(admission.whenIdle(AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
    const idle = admission.whenIdle(never);
    slot.release();
    await idle;
  });

  test("releasing twice is a bug and says so", async () => {
    const slot = await new Admission({ slots: 1 }).enter(never).slot;
    slot.release();
    expect(() => slot.release()).toThrow("released once");
  });
});

/** What the fuzz knows of one request, told by nothing but the promises it got. */
type Visitor = { id: number; abort: AbortController; slot?: Slot; gone?: unknown };

class Fuzz {
  readonly random: Random;
  readonly admission: Admission;
  readonly visitors: Visitor[] = [];
  /** Ids that wait, in order of arrival: the model the class is held to. */
  queue: number[] = [];
  running = 0;
  refusals = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.admission = new Admission({ slots: 1 + this.pick(4), waitingMax: this.pick(6) });
  }

  pick(count: number): number {
    return Math.floor(this.random() * count);
  }

  enter(): void {
    const visitor: Visitor = { id: this.visitors.length, abort: new AbortController() };
    const full = this.running === this.admission.slots;
    const refuse = full && this.queue.length === this.admission.waitingMax;
    try {
      const { slot } = this.admission.enter(visitor.abort.signal);
      expect(refuse).toBe(false);
      slot.then(
        (it) => {
          visitor.slot = it;
        },
        (reason) => {
          visitor.gone = reason;
        },
      );
      this.visitors.push(visitor);
      if (full) this.queue.push(visitor.id);
      else this.running += 1;
    } catch (error) {
      expect(error).toEqual(overloaded);
      expect(refuse).toBe(true);
      this.refusals += 1;
    }
  }

  abortWaiting(): void {
    const id = this.queue[this.pick(this.queue.length)];
    if (id === undefined) return;
    this.queue = this.queue.filter((it) => it !== id);
    this.visitors[id]!.abort.abort(new Error("gone"));
  }

  release(): void {
    const holders = this.visitors.filter((it) => it.slot !== undefined);
    const visitor = holders[this.pick(holders.length)];
    if (!visitor) return;
    visitor.slot!.release();
    visitor.slot = undefined;
    visitor.gone = "done";
    if (this.queue.shift() === undefined) this.running -= 1;
  }

  check(): void {
    expect(this.admission.running).toBe(this.running);
    expect(this.admission.waiting).toBe(this.queue.length);
    const unsettled = this.visitors.filter((it) => it.slot === undefined && it.gone === undefined);
    expect(unsettled.map((it) => it.id)).toEqual(this.queue);
    expect(this.visitors.filter((it) => it.slot !== undefined)).toHaveLength(this.running);
  }
}

test("fuzz: no slot leaks, none is held twice, order of arrival is kept", async () => {
  const first = Math.floor(Math.random() * 2 ** 31);
  for (let seed = first; seed < first + 40; seed++) {
    const fuzz = new Fuzz(seed);
    try {
      for (let step = 0; step < 150; step++) {
        const choice = fuzz.random();
        if (choice < 0.5) fuzz.enter();
        else if (choice < 0.65) fuzz.abortWaiting();
        else fuzz.release();
        await Promise.resolve();
        await Promise.resolve();
        fuzz.check();
      }
      while (fuzz.admission.running > 0) {
        fuzz.release();
        await Promise.resolve();
        await Promise.resolve();
      }
      fuzz.check();
    } catch (error) {
      throw new Error(`admission fuzz failed with seed ${seed}`, { cause: error });
    }
  }
});
