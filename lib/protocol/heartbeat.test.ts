import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "@/lib/errors";
import { REGISTER_RETRY_LONGEST_MS } from "@/lib/fleet-limits";
import { log as realLog } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import { type Controller, Heartbeat, type HeartbeatOptions } from "./heartbeat";

/**
 * Goal: the worker is known whenever the controller is there.
 * Method: a scripted controller and a clock that never sleeps; each test reads what was called and
 * how long was waited between.
 */

const INTERVAL_MS = 5_000;
const log = realLog.child({}, { level: "silent" });

const COMMON: Omit<HeartbeatOptions, "controller"> = {
  registration: () => ({
    instanceId: "8f7f2f37-9f0c-4df1-8a0f-3b1f2f3c4d5e",
    address: "http://worker",
    card: { kind: "mock", name: "w", version: "0", slots: 1, waitingMax: 1, models: [] },
  }),
  load: () => ({
    state: "ready",
    running: 0,
    waiting: 0,
    counters: { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 },
  }),
  log,
};

type Step = "ok" | ErrorCode;

/** Answers call after call by the script; when it is used up, the life under test is ended. */
function play(script: Step[]) {
  const calls: string[] = [];
  const end = new AbortController();
  let registrations = 0;
  const next = (call: string) => {
    calls.push(call);
    const step = script.shift();
    if (step === undefined) {
      end.abort();
      throw new AppError("client-closed", { message: "the script is over" });
    }
    if (step !== "ok") throw new AppError(step, { message: `scripted ${step}` });
  };
  const controller: Controller = {
    url: "http://controller",
    register: async () => {
      next("register");
      registrations += 1;
      return { workerId: `worker-${registrations}`, heartbeatIntervalMs: INTERVAL_MS };
    },
    heartbeat: async (workerId) => {
      next(`beat ${workerId}`);
      return { heartbeatIntervalMs: INTERVAL_MS * 2 };
    },
    leave: async (workerId) => void calls.push(`leave ${workerId}`),
  };
  const waits: number[] = [];
  const registered: string[] = [];
  const heartbeat = new Heartbeat({
    controller,
    ...COMMON,
    onRegistered: (workerId) => registered.push(workerId),
    wait: async (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
    },
  });
  return { calls, waits, registered, heartbeat, end, run: () => heartbeat.run(end.signal) };
}

describe("heartbeat", () => {
  test("registers, then beats at the interval that each reply names", async () => {
    const life = play(["ok", "ok", "ok"]);
    await life.run();
    expect(life.calls).toEqual(["register", ...Array<string>(3).fill("beat worker-1")]);
    expect(life.waits).toEqual([INTERVAL_MS, INTERVAL_MS * 2, INTERVAL_MS * 2]);
    expect(life.registered).toEqual(["worker-1"]);
  });

  test("a controller that is not up yet is asked again with growing, bounded pauses", async () => {
    const absent = Array<Step>(12).fill("upstream-invalid");
    const life = play([...absent, "ok"]);
    await life.run();
    expect(life.calls.filter((call) => call === "register")).toHaveLength(13);
    const pauses = life.waits.slice(0, 12);
    expect(pauses[0]).toBeLessThanOrEqual(100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(REGISTER_RETRY_LONGEST_MS);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(REGISTER_RETRY_LONGEST_MS / 2);
  });

  test("forgotten, it registers again at once under a new id", async () => {
    const life = play(["ok", "not-found", "ok", "ok"]);
    await life.run();
    expect(life.calls).toEqual([
      "register",
      "beat worker-1",
      "register",
      "beat worker-2",
      "beat worker-2",
    ]);
    expect(life.waits).toEqual([INTERVAL_MS, INTERVAL_MS, INTERVAL_MS * 2]);
  });

  test("while the controller is away beats come quickly, and back to the interval after", async () => {
    const life = play(["ok", "upstream-invalid", "timeout", "internal", "ok"]);
    await life.run();
    const [, first, second, third, back] = life.waits;
    for (const pause of [first, second, third]) expect(pause).toBeLessThanOrEqual(400);
    expect(back).toBe(INTERVAL_MS * 2);
  });

  test.each(["unauthenticated", "forbidden", "invalid-request"] as const)(
    "a first registration refused as %s ends the life with what to do",
    async (code) => {
      const life = play([code]);
      const error = await life.run().catch((it: unknown) => it);
      expect(error).toBeInstanceOf(StartError);
      expect((error as StartError).line).toMatch(/http:\/\/controller .*(SECRET|version)/);
    },
  );

  test("once accepted, the same refusal is only waited out", async () => {
    const life = play(["ok", "not-found", "unauthenticated", "ok"]);
    await life.run();
    expect(life.registered).toEqual(["worker-1", "worker-2"]);
  });

  test("what has become a conflict is not asked again", async () => {
    const life = play(["ok", "not-found", "conflict"]);
    const error = await life.run().catch((it: unknown) => it);
    expect((error as StartError).cause).toMatchObject({ code: "conflict" });
    expect(life.calls).toEqual(["register", "beat worker-1", "register"]);
  });

  test("what changes is registered at once, under the id it has", async () => {
    const end = new AbortController();
    const cards: string[] = [];
    let name = "before";
    const controller: Controller = {
      url: "u",
      register: async ({ card }) => {
        cards.push(card.name);
        if (cards.length === 3) end.abort();
        return { workerId: "w", heartbeatIntervalMs: INTERVAL_MS };
      },
      heartbeat: async () => expect.unreachable("the interval never ends"),
      leave: async () => undefined,
    };
    const registration = COMMON.registration();
    const heartbeat: Heartbeat = new Heartbeat({
      ...COMMON,
      controller,
      registration: () => ({ ...registration, card: { ...registration.card, name } }),
      wait: (_ms, signal) =>
        new Promise((_, reject) => {
          const stop = () => reject(signal.reason);
          signal.addEventListener("abort", stop);
          if (signal.aborted) stop();
        }),
      onRegistered: () =>
        setImmediate(() => {
          name = `after ${cards.length}`;
          heartbeat.registerAgain();
        }),
    });
    await heartbeat.run(end.signal);
    expect(cards).toEqual(["before", "after 1", "after 2"]);
  });

  test("a nudge beats now; leave says good-bye once", async () => {
    const life = play(["ok", "ok"]);
    const seen: number[] = [];
    let heartbeat: Heartbeat;
    const controller: Controller = {
      url: "u",
      register: async () => ({ workerId: "w", heartbeatIntervalMs: INTERVAL_MS }),
      heartbeat: async () => {
        seen.push(seen.length);
        life.end.abort();
        return { heartbeatIntervalMs: INTERVAL_MS };
      },
      leave: async (workerId) => void life.calls.push(`leave ${workerId}`),
    };
    heartbeat = new Heartbeat({
      controller,
      ...COMMON,
      // The interval never ends by itself.
      wait: (_ms, signal) =>
        new Promise((_, reject) => {
          const end = () => reject(signal.reason);
          signal.addEventListener("abort", end);
          if (signal.aborted) end();
        }),
      onRegistered: () => setImmediate(() => heartbeat.nudge()),
    });
    await heartbeat.run(life.end.signal);
    expect(seen).toEqual([0]);
    await heartbeat.leave(new AbortController().signal);
    await heartbeat.leave(new AbortController().signal);
    expect(life.calls).toEqual(["leave w"]);
  });

  test("a bug in the client is not mistaken for an absent controller", async () => {
    const life = play(["ok"]);
    const controller: Controller = {
      url: "u",
      register: async () => {
        throw new TypeError("a bug");
      },
      heartbeat: async () => ({ heartbeatIntervalMs: 1 }),
      leave: async () => undefined,
    };
    const broken = new Heartbeat({
      controller,
      ...COMMON,
    });
    await expect(broken.run(life.end.signal)).rejects.toThrow("a bug");
  });

  test("a life that ends while it registers is known by its name, and says good-bye", async () => {
    const calls: string[] = [];
    const end = new AbortController();
    const heartbeat = new Heartbeat({
      ...COMMON,
      controller: {
        url: "http://controller",
        // Written by the controller, whatever becomes of whoever asked.
        register: async (_body, signal) => {
          end.abort();
          calls.push("register");
          await Promise.resolve();
          if (signal.aborted) throw new AppError("client-closed", { message: "cut" });
          return { workerId: "worker-1", heartbeatIntervalMs: INTERVAL_MS };
        },
        heartbeat: async () => ({ heartbeatIntervalMs: INTERVAL_MS }),
        leave: async (workerId) => void calls.push(`leave ${workerId}`),
      },
    });
    await heartbeat.run(end.signal);
    await heartbeat.leave(AbortSignal.timeout(INTERVAL_MS));
    expect(calls).toEqual(["register", "leave worker-1"]);
  });
});
