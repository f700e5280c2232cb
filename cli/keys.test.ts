/** Goal: keys from the terminal. Method: the commands in process, on a real database. */
import { resolve } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { readKeyRing } from "@/lib/auth/key-ring";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { runCli } from "./main";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  Object.assign(env(), { DATABASE_URL: database.url });
});
afterAll(() => database.drop());
beforeEach(() => database.db.execute(sql`truncate api_keys`));

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["keys", ...words], {
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

test("a key is made, printed once, listed without itself, and revoked", async () => {
  const { written } = await run("create", "--name", "my program");
  const key = /pk-parley-\w{43}/.exec(written)?.[0] ?? "";
  expect(written).toContain("shown this once");
  expect(written).toContain("from now on the API answers nobody without a key");
  expect((await readKeyRing(database.db)).find(key).state).toBe("live");

  const list = (await run("list")).written;
  expect(list).toMatch(
    /^pk-parley-\w{6} {2}my program {2}live {2}generate,texts,read {2}all models {2}never used\n$/,
  );
  expect(list).not.toContain(key);
  expect((await run("create", "--name", "second")).written).not.toContain("from now on");

  const prefix = key.slice(0, 16);
  expect((await run("revoke", prefix)).written).toBe(
    `The key ${prefix}… (my program) is revoked.\n`,
  );
  expect((await readKeyRing(database.db)).find(key).state).toBe("revoked");
  expect((await run("list")).written).not.toContain("my program");
  expect((await run("list", "--all")).written).toMatch(/my program {2}revoked 20/);
});

test("all that can be said of a key is said by flags, and each may be changed", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-21T10:00:00Z") });
  const { key, view } = await json(
    ...["create", "--name", "ci", "--scope", "read,texts", "--scope", "texts"],
    ...["--model", "pico-l", "--model", "org/model:7b", "--expires", "30d"],
    ...["--requests-per-minute", "60", "--tokens-per-minute", "1000", "--concurrent", "2"],
    ...["--tokens-per-day", "5000", "--tokens-per-month", "90000"],
    ...["--dollars-per-day", "0.5", "--dollars-per-month", "10"],
    ...["--model-limits", "org/model:7b:requests-per-minute=5,concurrent=1"],
    ...["--model-limits", "pico-l:tokens-per-day=7"],
  );
  expect(key.startsWith(view.prefix)).toBe(true);
  const limits = {
    ...{ requestsPerMinute: 60, tokensPerMinute: 1000, concurrentRequests: 2 },
    ...{ tokensPerDay: 5000, tokensPerMonth: 90_000, dollarsPerDay: 0.5, dollarsPerMonth: 10 },
    models: {
      "org/model:7b": { requestsPerMinute: 5, concurrentRequests: 1 },
      "pico-l": { tokensPerDay: 7 },
    },
  };
  expect(view).toMatchObject({
    ...{ name: "ci", scopes: ["texts", "read"], models: ["pico-l", "org/model:7b"], limits },
    expiresAt: "2026-12-21T10:00:00.000Z",
  });
  expect((await run("show", view.id)).written).toMatch(
    /State {4}live until 2026-12-21 10:00Z[\s\S]*Limits {3}requests-per-minute=60[\s\S]*pico-l: tokens-per-day=7/,
  );

  const changed = await json(
    ...["update", view.prefix, "--concurrent", "3", "--dollars-per-day", "none"],
    ...["--model-limits", "pico-l:none", "--model-limits", "org/model:7b:concurrent=none"],
    ...["--expires", "never", "--all-models"],
  );
  const { dollarsPerDay: _, ...rest } = limits;
  expect(changed).toMatchObject({
    ...{ name: "ci", scopes: ["texts", "read"], models: null, expiresAt: null },
    limits: {
      ...{ ...rest, concurrentRequests: 3 },
      models: { "org/model:7b": { requestsPerMinute: 5 } },
    },
  });
  expect(changed.limits).not.toHaveProperty("dollarsPerDay");
  const renamed = await json("update", view.id, "--name", "new name");
  expect(renamed).toEqual({ ...changed, name: "new name" });
  expect((await json("list")).keys).toEqual([renamed]);
  vi.useRealTimers();
});

test.each([
  [["create"], /--name/],
  [["create", "--name", ""], /^name: must not be empty\.\n$/],
  [["create", "--name", " "], /^name: must not be empty\.\n$/],
  [["create", "--name", "a".repeat(101)], /^name: must have at most 100 characters\.\n$/],
  [["create", "--name", "x", "--model", ""], /^models\.0: must not be empty\.\n$/],
  [["create", "--name", "a\nb"], /^name: holds a control character/],
  [
    ["create", "--name", "x", "--scope", "write"],
    /no scope "write"; there are generate, texts, read/,
  ],
  [["create", "--name", "x", "--expires", "soon"], /a span \(30d, 12h\), a day/],
  [["create", "--name", "x", "--expires", "2020-01-01"], /in the past/],
  [["create", "--name", "x", "--requests-per-minute", "0"], /a whole number from 1/],
  [["create", "--name", "x", "--tokens-per-day", "1.5"], /a whole number from 1/],
  [["create", "--name", "x", "--dollars-per-day", "-1"], /a number above 0/],
  [["create", "--name", "x", "--dollars-per-day", "NaN"], /a number above 0/],
  [["create", "--name", "x", "--model-limits", "pico-l"], /begins with the model and a colon/],
  [
    ["create", "--name", "x", "--model-limits", "m:speed=5"],
    /no limit "speed"; there are requests-per-minute/,
  ],
  [["create", "--name", "x", "--model-limits", "m:concurrent"], /a whole number from 1/],
  [["update", "nothing1"], /no such API key/],
  [["show", "00000000-0000-7000-8000-000000000000"], /no such API key.*keys list/],
  [["revoke", "%"], /no such API key/],
  [["revoke", "pk-parley-xi"], /by its id, or by three or more letters of how it begins/],
])("%j is refused with what to do", async (words, said) => {
  const { code, written, complaints } = await run(...words);
  expect(code).toBeGreaterThan(0);
  expect(written).toBe("");
  expect(complaints).toMatch(said);
  expect(complaints).not.toMatch(/ at .*\.ts/);
  expect((await readKeyRing(database.db)).isEmpty).toBe(true);
});

test("an update that names nothing, or two things at once, changes nothing", async () => {
  const { view } = await json("create", "--name", "x");
  expect((await run("update", view.id)).complaints).toMatch(/Nothing was named/);
  const both = await run("update", view.id, "--model", "m", "--all-models");
  expect(both.complaints).toMatch(/contradict each other/);
  expect(await json("show", view.id)).toEqual(view);
});

test("a database that is not there is said to be away", async () => {
  Object.assign(env(), { DATABASE_URL: "postgres://postgres@127.0.0.1:9/none" });
  const { code, complaints } = await run("list");
  Object.assign(env(), { DATABASE_URL: database.url });
  expect(code).toBe(1);
  expect(complaints).toBe(
    "The database does not answer. Start the platform with `npm start`, or correct DATABASE_URL.\n",
  );
});
