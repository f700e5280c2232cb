/** Goal: keepers read and decide reviews in a terminal, where no visitor's words can do anything but be read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";
import { runCli } from "./main";

let database: TestDatabase;
let root: string;
const review = createId();
const visitor = createId();
const voter = createId();
beforeAll(async () => {
  database = await createTestDatabase();
  root = mkdtempSync(join(tmpdir(), "parley-reviews-"));
  mkdirSync(join(root, ".parley"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", version: "1.0.0" }));
  const running = { pid: process.pid, databaseUrl: database.url };
  writeFileSync(join(root, ".parley/running.json"), JSON.stringify(running));
  const { db } = database;
  const evidence = JSON.stringify({ prompt: "red \u001b[31m\nline" });
  await db.execute(sql`insert into visitors (id, voter) values (${visitor}, ${voter})`);
  await db.execute(sql`insert into reviews (id, kind, visitor_id, evidence)
    values (${review}, 'moderation', ${visitor}, ${evidence}::jsonb)`);
  await db.execute(sql`insert into models (id, name, description)
    values (${createId()}, 'x', '{}'), (${createId()}, 'y', '{}')`);
  await db.execute(sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted)
    select ${createId()}, ${voter}, a.id, b.id, 'a', 0.5, 1, true
    from models a, models b where a.name = 'x' and b.name = 'y'`);
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

test("reviews are listed and decided, visitors excluded and restored, and the log tells of it", async () => {
  const { written } = await run("reviews", "list");
  expect(written).toContain(review);
  expect(written).toContain(`visitor ${voter}`);
  expect(written).toContain("prompt: red [31m line");
  expect(written).not.toContain("\u001b");
  expect((await run("reviews", "uphold", review)).code).toBe(0);
  expect(await run("reviews", "dismiss", review)).toMatchObject({
    ...{ code: 1, complaints: "No open review has this id. It may have been decided already.\n" },
  });
  expect((await run("reviews", "list")).written).toBe("No review.\n");
  const done = "Done. Votes that this concerns: 1.\n";
  expect((await run("reviews", "exclude", voter)).written).toBe(done);
  expect((await run("reviews", "list")).written).toContain(`Excluded: ${voter}`);
  expect((await run("reviews", "restore", voter)).written).toBe(done);
  expect((await run("reviews", "withdraw", "x")).written).toBe(done);
  expect((await run("reviews", "list")).written).toContain("Withdrawn: x");
  const log = (await run("reviews", "log")).written.trim().split("\n");
  expect(log.map((line) => line.slice(26))).toEqual([
    "The model x was withdrawn. 1 vote on it no longer counts.",
    "The exclusion of a visitor was undone. 1 vote of theirs counts again.",
    "A visitor was excluded after a review. 1 vote of theirs no longer counts.",
  ]);
  expect((await run("reviews", "list", "--state", "odd")).code).toBe(2);
});
