import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "@/lib/auth/key-store";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { writeRecords } from "@/lib/usage/store";
import { createId } from "@/lib/util/id";
import { runCli } from "./main";

let database: TestDatabase;
let prefix: string;
let root: string;
beforeAll(async () => {
  database = await createTestDatabase();
  root = mkdtempSync(join(tmpdir(), "parley-usage-"));
  mkdirSync(join(root, ".parley"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", version: "1.0.0" }));
  const running = { pid: process.pid, databaseUrl: database.url };
  writeFileSync(join(root, ".parley/running.json"), JSON.stringify(running));
  const scopes = ["generate" as const];
  const body = { name: "Build server", scopes, models: null, limits: {}, expiresAt: null };
  const { view } = await createKey(database.db, body);
  prefix = view.prefix;
  const record = {
    ...{ requestId: "r", endpoint: "/v1/embeddings", asked: "m", workerId: null },
    ...{ cachedPromptTokens: 0, firstTokenMs: 12, durationMs: 1_250, segments: null },
  };
  const startedAt = new Date().toISOString();
  await writeRecords(database.db, [
    {
      ...{ ...record, id: createId(), owner: `key:${view.id}`, model: "m", outcome: "complete" },
      ...{ promptTokens: 1_200, completionTokens: 34, costNanoDollars: 1_234_000, startedAt },
    },
    {
      ...{ ...record, id: createId(), owner: `visitor:${createId()}`, model: null },
      ...{ outcome: "no-worker", asked: "\u001b[31mred" },
      ...{ promptTokens: 0, completionTokens: 0, costNanoDollars: 0, startedAt },
    },
  ]);
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await database.drop();
});

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(words, {
    root,
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}

test("usage adds up by key, model, day and endpoint", async () => {
  const { written } = await run("usage");
  expect(written).toMatch(/Build server \(.+…\) +1 +0 +0 +1200 +0 +34 +0\.0012\n/);
  expect(written).toMatch(/visitors +1 +1 +0 /);
  expect(written).toMatch(/Total +2 +1 +0 +1200/);
  expect((await run("usage", "--by", "model")).written).toMatch(/\(none answered\) +1 +1/);
  expect((await run("usage", "--by", "day", "--since", "30d")).written.split("\n")).toHaveLength(
    34,
  );
  expect((await run("usage", "--by", "endpoint")).written).toContain("/v1/embeddings");
  const json = JSON.parse((await run("usage", "--json", "--key", prefix)).written);
  expect(json).toMatchObject({ total: { requests: 1, costNanoDollars: 1_234_000 } });
});

test("requests are listed with how they ended, and without what would move a terminal", async () => {
  const { written } = await run("usage", "requests");
  expect(written).toMatch(/no-worker/);
  expect(written).toMatch(/complete +1200 +34 +1\.25 s/);
  expect(written).not.toContain("\u001b");
  expect((await run("usage", "requests", "--key", prefix)).written.split("\n")).toHaveLength(3);
});

test("says what is wrong and what is empty", async () => {
  expect((await run("usage", "--since", "0d")).complaints).toContain("from 1d to 366d");
  expect((await run("usage", "--by", "moon")).code).toBe(2);
  expect((await run("usage", "--key", "nobody")).complaints).toContain("There is no such API key.");
  await database.db.execute(sql`truncate usage_days, usage_records`);
  expect((await run("usage", "--since", "2")).written).toMatch(/^No request was made /);
  expect((await run("usage", "requests")).written).toBe("No request was made.\n");
});
