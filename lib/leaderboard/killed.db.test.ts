/**
 * Goal: boards come about whichever process dies while it computes them. Method: real processes with real threads; one
 * is killed in the middle of a computation, another one starts.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { sql } from "drizzle-orm";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { OVERALL } from "@/lib/protocol/board-key";
import { BoardEngine } from "./board-engine";
import { findProgress } from "./board-requests";
import { lockBoard } from "./board-store";
import { readBoardView } from "./read-board-view";

const VOTES = 1_000;
/** One of some sixty, in the middle. */
const HELD = "coding@all";
/** Of which most is for two processes to start on a busy machine. */
const TEST_MS_MAX = 120_000;

let database: TestDatabase;
let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  // Below the repository, where packages are found.
  folder = mkdtempSync(join(resolve("dist"), "test-"));
  await build({
    entryPoints: [resolve("lib/leaderboard/__fixtures__/board-process.ts")],
    outfile: join(folder, "board-process.mjs"),
    ...{ bundle: true, platform: "node", format: "esm", target: "node20", packages: "external" },
    ...{ minifySyntax: true, define: { PARLEY_CODE_VERSION: '"test"' }, logLevel: "silent" },
  });
  await run(sql`insert into models (id, name, description)
    select gen_random_uuid(), 'm' || n, '{}' from generate_series(1, 20) as n`);
  await run(sql`insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language, facts)
    select gen_random_uuid(), gen_random_uuid(), ids[1 + n % 20], ids[1 + (n + 1 + n % 19) % 20],
      (array['a', 'b', 'tie'])[1 + n % 3], 0.5, 1 + n % 2, true, 'en',
      '{"a": {"tokens": 9, "headers": 0, "lists": 1, "bold": 2}, "b": {"tokens": 7, "headers": 1, "lists": 0, "bold": 2}}'::jsonb
    from generate_series(1, ${VOTES}) as n, (select array_agg(id) as ids from models) as known`);
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 50_000, interval: 25 });
const readRuns = async () => [
  ...(await run(
    sql`select state, boards_done as done, error from board_runs where keys is null order by started_at`,
  )),
];
const readJob = async () =>
  [...(await run(sql`select state from pgboss.job where name = 'boards' order by state`))].map(
    ({ state }) => state,
  );

/** Whoever computes this board waits until it is released. */
async function hold(key: string): Promise<{ release(): Promise<void> }> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let held: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    held = database.db.transaction(async (transaction) => {
      await lockBoard(transaction, key);
      resolve();
      await released;
    });
    held.catch(reject);
  });
  return {
    async release() {
      release();
      await held;
    },
  };
}

function start(): ChildProcess {
  const child = spawn(process.execPath, [join(folder, "board-process.mjs")], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: "ignore",
  });
  children.push(child);
  return child;
}

test(
  "a process killed while it computes all boards: another one does, once, and nothing says that the first is at it",
  async () => {
    const board = await hold(HELD);
    const one = start();
    await until(async () => {
      expect(await readRuns()).toMatchObject([{ state: "running" }]);
      const [waiting] = await run(sql`select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event = 'advisory'`);
      expect(waiting?.count).toBe(1);
    });
    start();
    one.kill("SIGKILL");
    await once(one, "exit");
    await board.release();
    expect(await readRuns()).toMatchObject([{ state: "running" }]);
    expect(await readJob()).toContain("active");
    // Nothing was heard of the job for longer than is borne: its beat is made old, so that nobody waits for it.
    await run(sql`update pgboss.job set started_on = now() - interval '1 hour'
    where name = 'boards' and state = 'active'`);
    await until(async () => {
      const runs = await readRuns();
      expect(runs.at(-1)).toMatchObject({ state: "done", done: 60, error: null });
      expect(runs[0]).toMatchObject({ state: "failed", error: "The process that computed ended." });
      expect(runs.filter(({ state }) => state === "running")).toEqual([]);
    });
    await until(async () => expect(await readJob()).not.toContain("active"));

    const engine = new BoardEngine(database.db);
    const keys = await engine.listKeys();
    const [count] = await run(sql`select count(*)::int as count from boards`);
    expect([keys.length, count?.count]).toEqual([60, 60]);
    // Whole, and what anyone else computes of the votes.
    for (const key of ["overall@all", "overall+style@all", HELD]) {
      expect((await engine.compute(key)).isChanged, key).toBe(false);
    }
    const view = await readBoardView(OVERALL, { awake: [] }, database.db);
    expect(view).toMatchObject({ voteCount: VOTES, progress: null });
    expect(await findProgress(database.db, OVERALL)).toBeNull();
    const days =
      await run(sql`select count(*)::int as rows, count(distinct (key, model_id))::int as models
    from board_days where key = 'overall@all'`);
    expect([...days]).toEqual([{ rows: 20, models: 20 }]);
  },
  TEST_MS_MAX,
);
