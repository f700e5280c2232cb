/** Goal: workers and their tokens from the terminal. Method: the commands in process, on a real database, with a real worker. */
import { resolve } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { readLiveTokens } from "@/lib/auth/worker-token-store";
import { registerWorker } from "@/lib/controller/register";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import type { RegisterBody } from "@/lib/protocol/registration";
import { createId } from "@/lib/util/id";
import { startTestWorker, TEST_SECRET } from "@/worker/server-testing";
import { runCli } from "./main";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  Object.assign(env(), { DATABASE_URL: database.url, PARLEY_WORKER_SECRET: TEST_SECRET });
});
afterAll(() => database.drop());
beforeEach(() => emptyTables(database.db, "worker_tokens", "workers", "models"));

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["workers", ...words], {
    root: resolve(import.meta.dirname, ".."),
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}

async function json(...words: string[]) {
  const { code, written, complaints } = await run(...words, "--json");
  expect(complaints).toBe("");
  expect(code).toBe(0);
  return JSON.parse(written);
}

function register(name: string, port: number, by?: Parameters<typeof registerWorker>[2]) {
  const description = { skills: [], examplePrompts: [] };
  const offer = { name: "m/one", build: "b", contextLength: 64, features: ["chat" as const] };
  const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
  const body: RegisterBody = {
    ...{ instanceId: createId(), address: `http://127.0.0.1:${port}` },
    card: {
      ...{ kind: "mock", name, version: "1", host: "box", slots: 2, waitingMax: 4 },
      models: [{ ...offer, description }],
    },
    load: { state: "ready", running: 1, waiting: 0, tokensPerSecond: 41.6, counters },
  };
  return registerWorker(database.db, body, by);
}

test("workers are listed with what they do, drained, resumed and told to leave", async () => {
  expect((await run("list")).written).toContain("No worker is registered");
  const { workerId } = await register("one", 4001);
  expect((await run("list")).written).toMatch(
    /^Worker .*\none \(mock, box\) {2}ready {2}m\/one {3}1\/2 {3}0\/4 {4}42 {8}\d s ago {2}http:\/\/127\.0\.0\.1:4001 {2}[0-9a-f-]{36}\n$/,
  );
  expect((await run("drain", "one")).written).toBe(
    "The worker one at http://127.0.0.1:4001 is sent no new requests.\n",
  );
  const [drained] = (await json("list")).workers;
  expect(drained).toMatchObject({
    ...{ id: workerId, state: "draining", order: "drain", beats: true, host: "box" },
    reason: "told to take no new requests",
  });
  expect(drained).not.toHaveProperty("breaker");
  expect((await run("resume", "http://127.0.0.1:4001/")).code).toBe(0);
  expect((await json("list")).workers[0]).toMatchObject({ state: "ready", order: null });
  expect((await json("remove", workerId)).outcome).toBe("remove");
  expect((await json("list")).workers[0]).toMatchObject({ order: "leave" });
  // Final: an order that it may have heard already cannot be taken back.
  expect((await run("resume", workerId)).complaints).toContain("which is final");
});

test("a name that several have is refused with the list; a silent worker is simply gone", async () => {
  const one = await register("twin", 4001);
  const two = await register("twin", 4002);
  const refused = await run("drain", "twin");
  expect(refused.code).toBe(1);
  for (const { workerId } of [one, two]) expect(refused.complaints).toContain(workerId);
  expect((await run("drain", "nobody")).complaints).toContain("There is no worker `nobody`");
  await database.db.execute(
    sql`update workers set last_heartbeat_at = now() - interval '1 minute' where id = ${one.workerId}`,
  );
  expect((await run("list")).written).toContain("ready: not heard for 60 s");
  expect((await run("remove", one.workerId)).written).toContain("out of the registry");
  expect((await json("list")).workers.map(({ id }: { id: string }) => id)).toEqual([two.workerId]);
});

test("a worker that cannot reach the web is added by its address, and again after it was removed", async () => {
  const worker = await startTestWorker();
  onTestFinished(() => worker.close());
  const added = await json("add", `${worker.address}/`);
  expect(added).toMatchObject({ address: worker.address, name: "test" });
  expect(added.models).toContain("mock/echo");
  const [listed] = (await json("list")).workers;
  expect(listed).toMatchObject({ id: added.id, state: "ready", beats: false });
  expect((await json("remove", added.id)).outcome).toBe("gone");
  expect((await json("list")).workers).toEqual([]);
  expect((await json("add", worker.address)).id).toBe(added.id);
  expect((await json("list")).workers[0]).toMatchObject({ state: "ready", order: null });
});

test.each([
  [["add", "ftp://127.0.0.1"], /must begin with http/],
  [["add", "nonsense"], /must begin with http/],
  [["add", "http://127.0.0.1:9"], /cannot be reached/],
  [["token", "create", ""], /^name: must not be empty/],
  [["token", "create", "a\nb"], /holds a control character/],
  [["token", "revoke", "none"], /no worker token `none`.*workers tokens/],
])("%j is refused with what to do", async (words, said) => {
  const { code, written, complaints } = await run(...words);
  expect(code).toBe(1);
  expect(written).toBe("");
  expect(complaints).toMatch(said);
});

test("a token is made, printed once, counted, and revoked with its workers", async () => {
  const { written } = await run("token", "create", "rack 4");
  const token = /wt-parley-\w{43}/.exec(written)?.[0] ?? "";
  expect(written).toContain("PARLEY_WORKER_TOKEN");
  expect((await run("token", "create", "rack 4")).complaints).toContain(
    "is named `rack 4` already",
  );
  const [tokenId] = (await readLiveTokens(database.db)).values();
  const { workerId } = await register("one", 4001, { tokenId: tokenId ?? "", beats: true });
  await register("two", 4002);
  const list = (await run("tokens")).written;
  expect(list).toMatch(/^wt-parley-\w{6} {2}rack 4 {2}live {2}1 worker {2}made 20/);
  expect(list).not.toContain(token);
  expect((await json("list")).workers[0]).toMatchObject({ id: workerId, tokenName: "rack 4" });

  expect((await run("token", "revoke", "rack 4")).written).toContain("(rack 4) is revoked");
  expect((await readLiveTokens(database.db)).size).toBe(0);
  expect((await json("list")).workers).toMatchObject([{ name: "two" }]);
  expect((await run("tokens")).written).toContain("There is no worker token");
  expect((await run("tokens", "--all")).written).toMatch(/rack 4 {2}revoked 20/);
});
