/** Goal: votes go in once, whoever imports them how often, and come out as everybody may have them. Method: a real database. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { runCli } from "./main";

let database: TestDatabase;
let root: string;
beforeAll(async () => {
  database = await createTestDatabase();
  root = mkdtempSync(join(tmpdir(), "parley-votes-"));
  mkdirSync(join(root, ".parley"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", version: "1.0.0" }));
  const running = { pid: process.pid, databaseUrl: database.url };
  writeFileSync(join(root, ".parley/running.json"), JSON.stringify(running));
  const secrets = { workerSecret: "w", adminToken: "a", cookieSecret: "c".repeat(32) };
  writeFileSync(join(root, ".parley/secrets.json"), JSON.stringify(secrets));
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await database.drop();
});

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["leaderboard", ...words], {
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

const file = (name: string, content: string) => {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
};
const lines = (rows: readonly unknown[]) => rows.map((it) => `${JSON.stringify(it)}\n`).join("");
const rows = async (query: ReturnType<typeof sql>) => [...(await database.db.execute(query))];
const count = async () => Number((await rows(sql`select count(*) as n from ballots`))[0]?.n);

const style = {
  ...{
    sum_assistant_a_tokens: 10,
    header_count_a: { h1: 1, h2: 1 },
    list_count_a: 2,
    bold_count_a: 3,
  },
  ...{ sum_assistant_b_tokens: 20, header_count_b: 0, list_count_b: 0, bold_count_b: 0 },
};
const vote = (a: string, b: string, winner: string, rest: object = {}) => ({
  ...{ model_a: a, model_b: b, winner, judge: "arena_user_1.2.3.4", anony: true, turn: 1 },
  ...{ language: "German", tstamp: 1_700_000_000, conv_metadata: style },
  ...rest,
});

test("a file is taken once, and a second time changes nothing", async () => {
  const path = file(
    "clean_battle.json",
    JSON.stringify(
      [
        vote("x", "y", "model_a"),
        // The same once more is a vote of its own.
        vote("x", "y", "model_a"),
        vote("y", "x", "tie (bothbad)", {
          categories: ["coding", "longer-query"],
          pair_probability: 0.25,
        }),
        vote("x", "z", "model_b", { anony: false }),
        vote("x", "y", "nobody"),
        {
          ...vote("z", "y", "model_b"),
          tstamp: undefined,
          judge: undefined,
          conv_metadata: undefined,
        },
      ],
      null,
      2,
    ),
  );
  const dry = await run("import", path, "--dry-run", "--json");
  expect(JSON.parse(dry.written)).toMatchObject({
    ...{ isDryRun: true, votes: 4, added: 4, known: 0, modelsAdded: ["x", "y", "z"] },
    skipped: { malformed: 1, named: 1, dropped: 0, otherKinds: 0 },
  });
  expect(dry.complaints).toContain('has the winner "nobody"');
  expect(await count()).toBe(0);
  expect(await rows(sql`select 1 from models`)).toEqual([]);

  const first = await run("import", path, "--source", "Arena of 2024");
  expect(first).toMatchObject({ code: 0 });
  expect(first.written).toBe(
    "4 of 4 votes added, 0 were there already.\nLeft out, since names were shown before: 1.\nNew models: x, y, z.\n",
  );
  expect((await run("import", path)).written).toContain(
    "0 of 4 votes added, 4 were there already.",
  );
  expect((await run("import", path, "--dry-run")).written).toContain("0 of 4 votes would be added");
  expect(await count()).toBe(4);
});

test("what was taken are ballots that count, without who voted", async () => {
  const ballots = await rows(sql`
    select model_a.name as a, outcome, voter, turn, counted, language, facts, labels, pair_probability as p,
      extract(epoch from ballots.created_at)::int as at
    from ballots join models as model_a on model_a.id = model_a_id order by outcome, model_a.name`);
  const [won, again, lost, tied] = ballots;
  expect(won).toMatchObject({ a: "x", outcome: "a", turn: 1, counted: true, language: "de" });
  expect(won).toMatchObject({ at: 1_700_000_000, labels: null });
  // Three models, each of six ordered pairs as likely.
  expect(won?.p).toBeCloseTo(1 / 6);
  expect(won?.facts).toMatchObject({
    a: { tokens: 10, headers: 2, lists: 2, bold: 3 },
    origin: { source: "Arena of 2024", assumes: ["pair_probability"] },
  });
  expect(again?.voter).toBe(won?.voter);
  expect(JSON.stringify(ballots)).not.toContain("1.2.3.4");
  expect(lost).toMatchObject({
    a: "z",
    outcome: "b",
    facts: { origin: { assumes: ["pair_probability", "tstamp"] } },
  });
  expect(lost?.voter).not.toBe(won?.voter);
  expect(tied).toMatchObject({ outcome: "both-bad", labels: ["coding"], p: 0.25 });
  // Nobody has fought here: of each model it is told that its name came with votes, and how many it has since.
  const ledger = await rows(sql`select kind, facts from model_ledger order by created_at, kind`);
  expect(ledger.filter(({ kind }) => kind === "first-battle")).toEqual([]);
  expect(ledger.filter(({ kind }) => kind === "imported").map(({ facts }) => facts)).toEqual([
    ...Array.from({ length: 3 }, () => ({ registers: 1, votes: 0 })),
    ...Array.from({ length: 3 }, () => expect.objectContaining({ votes: expect.any(Number) })),
  ]);
  // To everybody once, of the run that added some, and without the name of the source.
  expect(await rows(sql`select kind, ballots, message from public_log`)).toEqual([
    {
      ...{ kind: "votes-imported", ballots: 4 },
      message: expect.not.stringContaining("Arena of 2024"),
    },
  ]);
  const [board] = await rows(sql`select vote_count from boards where key = 'overall@all'`);
  expect(board).toEqual({ vote_count: 4 });
});

test("an export holds days and no voters, the same bytes each time, also compressed", async () => {
  const path = join(root, "votes.jsonl");
  expect((await run("export", path)).written).toBe(`4 votes written to ${path}.\n`);
  const text = readFileSync(path, "utf8");
  const votes = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(votes).toHaveLength(4);
  expect(votes.filter((it) => it.tstamp === 1_699_920_000)).toHaveLength(3);
  expect(votes.find((it) => it.winner === "tie (bothbad)")).toMatchObject({
    ...{ language: "German", categories: ["coding", "longer-query"], pair_probability: 0.25 },
    conv_metadata: { header_count_a: 2 },
  });
  expect(text).not.toContain("arena_user");
  const packed = `${path}.gz`;
  expect(JSON.parse((await run("export", packed, "--json")).written)).toEqual({
    file: packed,
    votes: 4,
  });
  expect(gunzipSync(readFileSync(packed)).toString()).toBe(text);
  // What may be given away: no vote of today, and no language of so few.
  const open = await run("export", "-", "--public");
  const told = open.written.trimEnd().split("\n");
  expect(told.map((line) => JSON.parse(line).language)).toEqual(["unknown", "unknown", "unknown"]);
  const piped = await run("export", "-");
  expect(piped.written).toBe(text);
  expect(piped.complaints).toBe("4 votes written to -.\n");
});

test("boards that cannot be computed are a note: the votes are in", async () => {
  await database.db.execute(sql`alter table boards rename to away`);
  const path = file("more.jsonl", lines([vote("x", "y", "model_b", { tstamp: 1_700_000_100 })]));
  const ran = await run("import", path);
  await database.db.execute(sql`alter table away rename to boards`);
  expect(ran.code).toBe(0);
  expect(ran.written).toContain("1 of 1 votes added");
  expect(ran.complaints).toContain("The votes are in; the boards are not computed yet");
  expect(ran.complaints.split("\n")).toHaveLength(2);
});

test("models that are off the boards keep their votes uncounted", async () => {
  await database.db.execute(sql`update models set withdrawn_at = now() where name = 'z'`);
  const path = file("later.jsonl", lines([vote("z", "x", "model_a"), vote("y", "x", "model_a")]));
  expect((await run("import", path)).written).toContain("2 of 2 votes added");
  const [row] = await rows(sql`select uncounted_reason from ballots where not counted`);
  expect(row).toEqual({ uncounted_reason: "withdrawn-model" });
});

test.each([
  [["import", "/nowhere.json"], 2, "does not exist"],
  [["import", "-"], 2, "read twice"],
  [["export", "/nowhere/votes.jsonl"], 2, "its folder does not exist"],
  [["import"], 2, "missing required argument"],
])("%j ends with %i", async (words, code, said) => {
  const found = await run(...words);
  expect(found.code).toBe(code);
  expect(found.complaints).toContain(said);
});

test("files without a vote to take are refused", async () => {
  const empty = await run("import", file("empty.json", "[]"));
  expect(empty.code).toBe(1);
  expect(empty.complaints).toContain("is empty");
  const named = await run(
    "import",
    file("named.jsonl", lines([vote("x", "y", "tie", { anony: false })])),
  );
  expect(named.code).toBe(1);
  expect(named.complaints).toContain("No vote of the file can be taken");
});
