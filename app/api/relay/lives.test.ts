/**
 * Goal: Parleys come, change, go and come back at one another.
 * Method: web processes with databases of their own, started, stopped and killed; what the one above sees.
 */

import { connect, createServer, type Server } from "node:net";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createWorkerToken } from "@/lib/auth/worker-token-store";
import { orderWorker } from "@/lib/controller/order-worker";
import { models } from "@/lib/db/schema/models";
import { workerModels, workers } from "@/lib/db/schema/workers";
import { WORKER_STALE_AFTER_MS } from "@/lib/fleet-limits";
import {
  bundleParley,
  freePort,
  type JoinedWorker,
  joinWorker,
  type Parley,
  type ParleyOptions,
  startParley,
} from "./__fixtures__/start-parley";

/** A process takes a second to start where nothing else runs, and ten where much does. */
const WAIT = { timeout: 25_000, interval: 25 };
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const opened: { close(): Promise<void> }[] = [];
let program: string;
/** Stands above the others. */
let parent: Parley;
let one: Parley;
let two: Parley;
/** A worker of `one`. */
let bottom: JoinedWorker;

beforeAll(async () => {
  program = await bundleParley();
});

afterAll(async () => {
  for (const it of opened.splice(0).reverse()) await it.close();
});

async function start(options: ParleyOptions = {}): Promise<Parley> {
  const parley = await startParley(program, options);
  opened.push(parley);
  return parley;
}

async function join(parley: Parley, models: string[]) {
  const worker = await joinWorker(parley, { models });
  opened.push(worker);
  return worker;
}

/** What the registry of a Parley holds. */
function rows({ database }: Parley) {
  return database.db.select().from(workers).orderBy(workers.registeredAt);
}

/** Those of the lives at one address. */
async function statesOf({ url }: { url: string }): Promise<string[]> {
  const all = await rows(parent);
  return all.filter(({ address }) => address === `${url}/api/relay`).map(({ state }) => state);
}

function until(check: () => Promise<unknown>) {
  return vi.waitFor(check, WAIT);
}

async function ask({ url }: Parley, model: string, content = "one two") {
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content }] }),
  });
  const body = await reply.json();
  return { status: reply.status, text: body.choices?.[0].message.content };
}

const ANSWERED = { status: 200, text: "one two" };
const answers = (parley: Parley, model: string) =>
  until(async () => expect(await ask(parley, model)).toEqual(ANSWERED));
const refuses = (parley: Parley, model: string) =>
  until(async () => expect((await ask(parley, model)).status).toBeGreaterThanOrEqual(502));

test("a parent that is away is waited for; models that come and go do so there, too", async () => {
  const port = await freePort();
  one = await start({ parent: { url: `http://127.0.0.1:${port}` } });
  const passing = await join(one, ["mock/long"]);
  bottom = await join(one, ["mock/echo", "mock/paced"]);
  await answers(one, "mock/echo");
  parent = await start({ port });
  await answers(parent, "mock/echo");
  expect((await ask(parent, "mock/long")).status).toBe(200);
  await passing.die();
  await refuses(parent, "mock/long");
  expect(await ask(parent, "mock/echo")).toEqual(ANSWERED);
  expect(await statesOf(one)).toEqual(["ready"]);
});

test("a token of its own lets a Parley in, and the parent in there", async () => {
  const { token } = await createWorkerToken(parent.database.db, "site two");
  two = await start({ parent, variables: { PARLEY_PARENT_SECRET: token } });
  await join(two, ["mock/context"]);
  await answers(parent, "mock/context");
  expect((await rows(parent)).at(-1)).toMatchObject({
    kind: "parley",
    tokenId: expect.any(String),
  });
});

test("a worker lost in the middle of an answer is nobody's loss, at the same Parley or another", async () => {
  const model = "mock/dies-once-after-3-tokens";
  const whole = { status: 200, text: "This will end well, after all." };
  await join(one, [model]);
  await join(one, [model]);
  await until(async () => expect((await ask(one, "mock/echo")).status).toBe(200));
  // The second one goes on there.
  await until(async () => expect(await ask(parent, model)).toEqual(whole));
  await join(two, [model]);
  await until(async () => {
    const { db } = parent.database;
    const offers = await db
      .select()
      .from(workerModels)
      .innerJoin(models, eq(models.id, workerModels.modelId));
    expect(offers.filter((it) => it.models.name === model)).toHaveLength(2);
  });
  // There is one worker at each, of which the first that is asked dies.
  expect(await ask(parent, model)).toEqual(whole);
});

test("the parent's keepers have a Parley rest, work again and leave; started anew it is another", async () => {
  const order = (command: "drain" | "resume" | "remove") =>
    orderWorker(parent.database.db, `${two.url}/api/relay`, command, {
      staleAfterMs: WORKER_STALE_AFTER_MS,
    });
  await order("drain");
  await until(async () => expect(await statesOf(two)).toEqual(["draining"]));
  await refuses(parent, "mock/context");
  expect(await ask(two, "mock/context")).toEqual(ANSWERED);
  await order("resume");
  await answers(parent, "mock/context");
  await order("remove");
  await until(async () => expect(await statesOf(two)).toEqual(["left"]));
  expect(await ask(two, "mock/context")).toEqual(ANSWERED);
  await two.kill();
  await two.start();
  await answers(parent, "mock/context");
  expect(await statesOf(two)).toEqual(["left", "ready"]);
});

test("web processes with addresses of their own are workers of their own, those behind one are one", async () => {
  const ports = [await freePort(), await freePort()];
  const door = await openDoor(ports);
  const shared = {
    ...{ parent, database: one.database },
    variables: { PARLEY_PARENT_ADDRESS: door.url },
  };
  const [first, second] = await Promise.all(ports.map((port) => start({ ...shared, port })));
  await until(async () => expect(await statesOf(door)).toEqual(["ready"]));
  expect(await statesOf(one)).toEqual(["ready"]);
  await until(async () => expect(second?.output()).toContain('"registered"'));
  await until(async () => expect(first?.output()).toContain('"registered"'));
  // The other one serves on under the address, so that nothing goes.
  const seen = new Set<string>();
  const look = async () => {
    for (const state of await statesOf(door)) seen.add(state);
  };
  const looking = setInterval(() => void look(), 10);
  await second?.kill("SIGTERM");
  clearInterval(looking);
  await look();
  expect([...seen]).toEqual(["ready"]);
  await first?.kill("SIGTERM");
  await until(async () => expect(await statesOf(door)).toEqual(["left"]));
});

test("killed, a Parley is passed over; back, it is the same worker; stopped, it says good-bye", async () => {
  await one.kill();
  expect((await ask(parent, "mock/echo")).status).toBeGreaterThanOrEqual(502);
  await one.start();
  await answers(parent, "mock/echo");
  expect(await statesOf(one)).toEqual(["ready"]);
  // A second of words, so that it is seen while it runs by a machine that is busy, too.
  const content = Array.from({ length: 60 }, (_, word) => `w${word}`).join(" ");
  const running = ask(parent, "mock/paced", content);
  await until(async () => expect(bottom.server.load().running).toBe(1));
  one.signal("SIGTERM");
  expect(await running).toEqual({ status: 200, text: content });
  await until(async () => expect(await statesOf(one)).toEqual(["left"]));
});

/** What stands before several processes: a connection goes to the first of `ports` that takes it. */
async function openDoor(ports: number[]): Promise<{ url: string }> {
  const server: Server = createServer((incoming) => {
    const tryNext = ([port, ...rest]: number[]) => {
      if (port === undefined) return void incoming.destroy();
      const outgoing = connect(port, "127.0.0.1");
      outgoing.once("error", () => tryNext(rest));
      outgoing.once("connect", () => {
        outgoing.removeAllListeners("error");
        outgoing.on("error", () => incoming.destroy());
        incoming.on("error", () => outgoing.destroy());
        incoming.pipe(outgoing).pipe(incoming);
      });
    };
    tryNext(ports.toReversed());
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  opened.push({ close: async () => void server.close() });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return { url: `http://127.0.0.1:${address.port}` };
}

test("two that register at each other: one of them is refused, told why, and both serve on", async () => {
  const port = await freePort();
  const left = await start({ parent: { url: `http://127.0.0.1:${port}` } });
  const right = await start({ port, parent: left });
  await join(left, ["mock/echo"]);
  await join(right, ["mock/paced"]);
  const awake = async () =>
    [await rows(left), await rows(right)].map((all) =>
      all.filter((it) => it.kind === "parley" && it.state === "ready"),
    );
  await until(async () => {
    expect(`${left.output()}${right.output()}`).toContain("go round in a ring");
    expect((await awake()).flat()).toHaveLength(1);
  });
  await answers(left, "mock/echo");
  await answers(right, "mock/paced");
  const [atLeft = []] = await awake();
  // Who stands above has the models of both, and who stands beneath its own.
  const isLeftAbove = atLeft.length === 1;
  await answers(isLeftAbove ? left : right, isLeftAbove ? "mock/paced" : "mock/echo");
});
