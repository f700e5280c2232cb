/**
 * Goal: a worker's life runs in its order, whatever interrupts it.
 * Method: the real life with the mock backend, a controller that only takes notes, and waits that end
 * with their signal only.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { afterAll, describe, expect, test } from "vitest";
import { AppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { Controller } from "@/lib/protocol/heartbeat";
import { WorkerClient } from "@/lib/protocol/worker-client";
import { log as realLog } from "@/lib/telemetry/log";
import { createMockBackend } from "./backends/mock";
import { TEST_SECRET, testRequest } from "./server-testing";
import { runWorker, type WorkerOptions } from "./worker";

const MODELS = createMockBackend({ models: [], slots: 1 }).card().models.length;
const client = new WorkerClient();
afterAll(() => client.close());

/** Promise.withResolvers is not in Node 20. */
function withResolvers<T>() {
  let settle: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value: T) => settle(value) };
}

function live(changes: Partial<WorkerOptions> = {}) {
  const notes: string[] = [];
  const stop = new AbortController();
  const listening = withResolvers<string>();
  const registered = withResolvers<string>();
  const drainingTold = withResolvers<void>();
  const controller: Controller = {
    url: "http://controller",
    register: async ({ address, card, load, starting = [] }) => {
      notes.push(`register ${load.state} ${[card.models.length, ...starting].join(" ")}`);
      expect(address).toBe(await listening.promise);
      return { workerId: "w", heartbeatIntervalMs: 5_000 };
    },
    heartbeat: async (_workerId, { load }) => {
      notes.push(`beat ${load.state}`);
      if (load.state === "draining") drainingTold.resolve();
      return { heartbeatIntervalMs: 5_000 };
    },
    leave: async () => void notes.push("leave"),
  };
  const done = runWorker(
    {
      name: "test",
      version: "0",
      kind: "mock",
      starting: ["mock/echo"],
      host: "127.0.0.1",
      port: 0,
      secret: TEST_SECRET,
      controller,
      createBackend: async () => {
        const backend = createMockBackend({ models: [], slots: 2, tokenMs: 1 });
        notes.push("load");
        return { ...backend, close: async () => void notes.push("close") };
      },
      registry: new Registry(),
      log: realLog.child({}, { level: "silent" }),
      onListening: listening.resolve,
      onRegistered: registered.resolve,
      wait: (_ms, signal) =>
        new Promise((_, reject) => {
          const end = () => reject(signal.reason);
          signal.addEventListener("abort", end);
          if (signal.aborted) end();
        }),
      ...changes,
    },
    stop.signal,
  );
  return { notes, stop, done, listening, registered, drainingTold };
}

const call = () => ({ secret: TEST_SECRET, signal: new AbortController().signal });

async function last(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent | undefined> {
  let event: GenerateEvent | undefined;
  for await (event of events);
  return event;
}

describe("the life of a worker", () => {
  test("register as starting, load, register, serve, drain, leave", async () => {
    const life = live();
    const address = await life.listening.promise;
    await life.registered.promise;
    const running = await client.generate(address, testRequest("mock/long"), call());
    await running.next();
    life.stop.abort();
    await life.drainingTold.promise;
    const late = client.generate(address, testRequest("mock/echo"), call());
    await expect(late).rejects.toMatchObject({ code: "overloaded" });
    expect(await last(running)).toMatchObject({ type: "generation-end" });
    await life.done;
    expect(life.notes.filter((it) => !it.includes("starting"))).toEqual([
      ...["load", `register ready ${MODELS}`, "beat draining", "leave", "close"],
    ]);
    await expect(client.health(address, call())).rejects.toMatchObject({ code: "worker-lost" });
  });

  test("an answer that outlasts the draining is ended with worker-lost", async () => {
    const life = live({ drainMsMax: 1 });
    const address = await life.listening.promise;
    await life.registered.promise;
    const running = await client.generate(address, testRequest("mock/never"), call());
    await running.next();
    life.stop.abort();
    expect(await last(running)).toMatchObject({ type: "generation-error", code: "worker-lost" });
    await life.done;
  });

  test("without its controller it serves, drains and ends all the same", async () => {
    const away = async () => {
      throw new AppError("upstream-invalid", { message: "nobody there" });
    };
    const controller = { url: "u", register: away, heartbeat: away, leave: away };
    const life = live({ controller });
    const address = await life.listening.promise;
    const health = async () => (await client.health(address, call())).state;
    await expect.poll(health).toBe("ready");
    const events = await client.generate(address, testRequest("mock/echo"), call());
    expect(await last(events)).toMatchObject({ type: "generation-end" });
    life.stop.abort();
    await life.done;
  });

  test("told to stop while it loads, it stops", async () => {
    const life = live({ createBackend: () => new Promise(() => undefined) });
    const address = await life.listening.promise;
    expect(await client.health(address, call())).toMatchObject({ state: "loading" });
    await expect.poll(() => life.notes).toEqual(["register starting 0 mock/echo"]);
    life.stop.abort();
    await life.done;
    expect(life.notes).toEqual(["register starting 0 mock/echo", "leave"]);
  });

  test("a backend that cannot load ends the life with its error, said good-bye to, the port free again", async () => {
    let fail = () => {};
    const createBackend = () =>
      new Promise<never>((_, reject) => {
        fail = () => reject(new Error("no such weights"));
      });
    const life = live({ createBackend });
    const address = await life.listening.promise;
    await expect.poll(() => life.notes.length).toBe(1);
    fail();
    await expect(life.done).rejects.toThrow("no such weights");
    expect(life.notes.at(-1)).toBe("leave");
    await expect(client.health(address, call())).rejects.toMatchObject({ code: "worker-lost" });
  });

  test("a refused secret ends the life with what to do", async () => {
    const refuse = async () => {
      throw new AppError("unauthenticated", { message: "the secret is wrong" });
    };
    const controller = { url: "u", register: refuse, heartbeat: refuse, leave: refuse };
    await expect(live({ controller }).done).rejects.toMatchObject({ name: "StartError" });
  });

  test("told to leave by an operator, it drains, leaves, and is not to be started again", async () => {
    const told: string[] = [];
    const notes: string[] = [];
    const life = live({
      // Its first beat after registering.
      wait: async (_ms, signal) => signal.throwIfAborted(),
      controller: {
        url: "u",
        register: async ({ load }) => {
          notes.push(load.state);
          return { workerId: "w", heartbeatIntervalMs: 5_000 };
        },
        heartbeat: async (_id, { load }) => {
          const isReady = load.state === "ready";
          return { heartbeatIntervalMs: 5_000, ...(isReady && { order: "leave" as const }) };
        },
        leave: async () => void notes.push("leave"),
      },
      onToldToLeave: () => told.push("told"),
    });
    await life.done;
    expect(notes.at(-1)).toBe("leave");
    expect(told).toEqual(["told"]);
  });

  test("with a token of its own it lets the web in by what it was told alone", async () => {
    const callSecret = "told in the reply to the registration";
    const register = async () => ({ workerId: "w", heartbeatIntervalMs: 5_000, callSecret });
    const never = async () => ({ heartbeatIntervalMs: 5_000 });
    const controller = { url: "u", register, heartbeat: never, leave: async () => undefined };
    const life = live({ secret: undefined, token: "its own token", controller });
    const address = await life.listening.promise;
    await life.registered.promise;
    const read = (secret: string) =>
      client.card(address, { secret, signal: new AbortController().signal });
    expect((await read(callSecret)).models).toHaveLength(MODELS);
    const scraped = await fetch(`${address}/metrics`, {
      headers: { authorization: "Bearer its own token" },
    });
    expect(scraped.status).toBe(200);
    for (const secret of [TEST_SECRET, "", "undefined", "its own token"]) {
      await expect(read(secret)).rejects.toMatchObject({ code: "unauthenticated" });
    }
    life.stop.abort();
    await life.done;
  });

  test("a taken port is one line", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(live({ port }).done).rejects.toMatchObject({
      line: `Port ${port} on 127.0.0.1 is taken. Choose another with --port, or 0 for any free one.`,
    });
    other.close();
  });
});
