/**
 * Goal: Parleys come, change, go and come back at one another, and never in a ring.
 * Method: web processes with databases of their own, started, stopped and killed; what the one above sees.
 */
import { connect, createServer, type Server } from "node:net";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { createWorkerToken } from "@/lib/auth/worker-token-store";
import { orderWorker } from "@/lib/controller/order-worker";
import { workerModels, workers } from "@/lib/db/schema/workers";
import { WORKER_STALE_AFTER_MS } from "@/lib/limits";
import {
  bundleParley,
  freePort,
  joinWorker,
  type Parley,
  type ParleyOptions,
  startParley,
} from "./__fixtures__/start-parley";

const WAIT = { timeout: 10_000, interval: 25 };
const opened: { close(): Promise<void> }[] = [];
let program: string;

beforeAll(async () => {
  program = await bundleParley();
});

afterEach(async () => {
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

function states(parley: Parley): Promise<string[]> {
  return rows(parley).then((all) => all.map(({ state }) => state));
}

function until(check: () => Promise<unknown>) {
  return vi.waitFor(check, WAIT);
}

async function ask({ url }: Parley, model = "mock/echo") {
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "one two" }] }),
  });
  const body = await reply.json();
  return { status: reply.status, text: body.choices?.[0].message.content, code: body.error?.code };
}

const ANSWERED = { status: 200, text: "one two" };
const answers = (parley: Parley, model?: string) =>
  until(async () => expect(await ask(parley, model)).toMatchObject(ANSWERED));

test("a parent that is away is waited for; models that come and go do so there, too", async () => {
  const port = await freePort();
  const child = await start({ parent: { url: `http://127.0.0.1:${port}` } });
  const echo = await join(child, ["mock/echo"]);
  await answers(child);
  const parent = await start({ port });
  await answers(parent);
  await join(child, ["mock/paced"]);
  await answers(parent, "mock/paced");
  await echo.die();
  await until(async () => expect(await ask(parent)).toMatchObject({ status: 503 }));
  expect(await ask(parent, "mock/paced")).toMatchObject(ANSWERED);
  expect(await states(parent)).toEqual(["ready"]);
});

test("killed, a Parley is passed over; back, it is the same worker; stopped, it says good-bye", async () => {
  const parent = await start();
  const child = await start({ parent });
  const worker = await join(child, ["mock/echo", "mock/paced"]);
  await answers(parent);
  await child.kill();
  expect((await ask(parent)).status).toBeGreaterThanOrEqual(502);
  await child.start();
  await answers(parent);
  const running = fetch(`${parent.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "mock/paced",
      messages: [{ role: "user", content: "a b c d e f g h i j k l m n o p" }],
    }),
  });
  await until(async () => expect(worker.server.load().running).toBe(1));
  child.signal("SIGTERM");
  await until(async () => expect(await states(parent)).toEqual(["draining"]));
  expect((await (await running).json()).choices[0].message.content).toBe(
    "a b c d e f g h i j k l m n o p",
  );
  await until(async () => expect(await states(parent)).toEqual(["left"]));
});

test("a worker lost in the middle of an answer is nobody's loss, at the same Parley or another", async () => {
  const model = "mock/dies-once-after-3-tokens";
  const whole = { status: 200, text: "This will end well, after all." };
  const parent = await start();
  const one = await start({ parent });
  await join(one, [model, "mock/echo"]);
  await join(one, [model]);
  await until(async () => expect(await ask(parent)).toMatchObject(ANSWERED));
  // The second one goes on there.
  expect(await ask(parent, model)).toMatchObject(whole);
  const other = await start({ parent });
  await join(other, [model]);
  await until(async () => expect(await states(parent)).toEqual(["ready", "ready"]));
  await until(async () => {
    const { database } = parent;
    const offers = await database.db.select().from(workerModels);
    expect(offers.filter((it) => it.features.includes("resume")).length).toBeGreaterThan(1);
  });
  // There is one worker at each, of which the first that is asked dies.
  expect(await ask(parent, model)).toMatchObject(whole);
});

test("a token of its own lets a Parley in, and the parent in there", async () => {
  const parent = await start();
  const { token } = await createWorkerToken(parent.database.db, "site a");
  const child = await start({ parent, variables: { PARLEY_PARENT_SECRET: token } });
  await join(child, ["mock/echo"]);
  await answers(parent);
  expect(await rows(parent)).toMatchObject([{ kind: "parley", tokenId: expect.any(String) }]);
});

test("the parent's keepers have a Parley rest, work again and leave; started anew it is another", async () => {
  const parent = await start();
  const child = await start({ parent });
  await join(child, ["mock/echo"]);
  await answers(parent);
  const order = (command: "drain" | "resume" | "remove") =>
    orderWorker(parent.database.db, `${child.url}/api/relay`, command, {
      staleAfterMs: WORKER_STALE_AFTER_MS,
    });
  await order("drain");
  await until(async () => expect(await states(parent)).toEqual(["draining"]));
  await until(async () => expect(await ask(parent)).toMatchObject({ status: 503 }));
  expect(await ask(child)).toMatchObject(ANSWERED);
  await order("resume");
  await answers(parent);
  await order("remove");
  await until(async () => expect(await states(parent)).toEqual(["left"]));
  expect(await ask(child)).toMatchObject(ANSWERED);
  await child.kill();
  await child.start();
  await answers(parent);
  expect(await states(parent)).toEqual(["left", "ready"]);
});

test("web processes with addresses of their own are workers of their own, those behind one are one", async () => {
  const parent = await start();
  const one = await start({ parent });
  const ports = [Number(new URL(one.url).port), await freePort()];
  const door = await openDoor(ports);
  const variables = { PARLEY_PARENT_ADDRESS: `http://127.0.0.1:${door.port}` };
  const shared = { parent, database: one.database, variables };
  const two = await start({ ...shared, port: ports[1] ?? 0 });
  await join(one, ["mock/echo"]);
  await until(async () => expect(await states(parent)).toEqual(["ready", "ready"]));
  await one.kill();
  const three = await start({ ...shared, port: ports[0] ?? 0 });
  await until(async () => {
    const behind = (await rows(parent)).filter(({ address }) => address.includes(`:${door.port}/`));
    expect(behind).toMatchObject([{ state: "ready" }]);
  });
  await answers(parent);
  // The other one serves on under the address, so that nothing has gone.
  const seen = new Set<string>();
  const looking = setInterval(() => {
    void rows(parent).then((all) => {
      for (const { address, state } of all) if (address.includes(`:${door.port}/`)) seen.add(state);
    });
  }, 10);
  await two.kill("SIGTERM");
  await answers(parent);
  clearInterval(looking);
  expect([...seen]).toEqual(["ready"]);
  await three.kill();
});

/** What stands before several processes: a connection goes to the first of `ports` that takes it. */
async function openDoor(ports: number[]): Promise<{ port: number }> {
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
  return { port: address.port };
}

test("two that register at each other: one of them is refused, told why, and both serve on", async () => {
  const port = await freePort();
  const one = await start({ parent: { url: `http://127.0.0.1:${port}` } });
  const other = await start({ port, parent: one });
  await join(one, ["mock/echo"]);
  await join(other, ["mock/paced"]);
  const awake = async () =>
    [await rows(one), await rows(other)].map((all) =>
      all.filter((it) => it.kind === "parley" && it.state === "ready"),
    );
  await until(async () => {
    expect(`${one.output()}${other.output()}`).toContain("go round in a ring");
    expect((await awake()).flat()).toHaveLength(1);
  });
  await answers(one);
  await answers(other, "mock/paced");
  const [atOne = []] = await awake();
  // Who stands above has the models of both, and who stands beneath its own.
  const [above, beneath] = atOne.length === 1 ? [one, other] : [other, one];
  const model = beneath === one ? "mock/echo" : "mock/paced";
  await answers(above, model);
});

test("a ring of three is found where it closes, also long after", async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const parents = ports.map((port) => ({ url: `http://127.0.0.1:${port}` }));
  const parleys: Parley[] = [];
  for (const [index, port] of ports.entries()) {
    const parent = parents[(index + 1) % 3] as { url: string };
    parleys.push(await start({ port, parent }));
  }
  await join(parleys[0] as Parley, ["mock/echo"]);
  await until(async () => {
    const all = (await Promise.all(parleys.map(rows))).flat();
    const links = all.filter((it) => it.kind === "parley" && it.state !== "left");
    expect(links).toHaveLength(2);
    expect(parleys.map((it) => it.output()).join("")).toContain("go round in a ring");
  });
  for (const parley of parleys) {
    const { status } = await ask(parley);
    expect([200, 404, 503]).toContain(status);
  }
});
