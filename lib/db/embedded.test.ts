import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, describe, expect, inject, test, vi } from "vitest";
import { processName, processState } from "@/lib/util/is-alive";
import { StartError } from "@/lib/util/start-error";
import { connect, withDatabase } from "./connect";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded";
import { migrateDatabase } from "./migrate";
import { createTestDatabase } from "./testing";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-embedded-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir });
  cleanups.push(() => server.stop());
  return server;
}

async function query<T>(url: string, run: (sql: ReturnType<typeof connect>) => Promise<T>) {
  const sql = connect(url, { connectionsMax: 1 });
  try {
    return await run(sql);
  } finally {
    // Without a limit the driver waits for ever where its connection was cut.
    await sql.end({ timeout: 1 });
  }
}

describe("embedded PostgreSQL", () => {
  test("starts on a folder named from where we stand, as the default `.parley` is", async () => {
    const dataDir = relative(process.cwd(), makeFolder());
    const server = await start(dataDir);
    expect(await query(server.url, (sql) => sql`select 1 as one`)).toMatchObject([{ one: 1 }]);
    expect(existsSync(join(dataDir, "pg", "PG_VERSION"))).toBe(true);
  });

  test("keeps every committed row when it is killed, and starts again", async () => {
    const dataDir = makeFolder();
    const first = await start(dataDir);
    await query(first.url, (sql) => sql`create table kept (n int)`);
    let acknowledged = 0;
    const writing = query(first.url, async (sql) => {
      for (let n = 0; ; n++) {
        await sql`insert into kept values (${n})`;
        acknowledged = n + 1;
        if (n === 50) process.kill(first.pid, "SIGKILL");
      }
    });
    await expect(writing).rejects.toThrow();
    await first.exited;

    const second = await start(dataDir);
    const [row] = await query(second.url, (sql) => sql`select count(*)::int as rows from kept`);
    expect(acknowledged).toBeGreaterThan(50);
    expect(row?.rows).toBeGreaterThanOrEqual(acknowledged);
  });

  test("takes a folder that is named from here", async () => {
    const dataDir = relative(process.cwd(), makeFolder());
    const { url } = await start(dataDir);
    expect(existsSync(join(dataDir, "pg", "PG_VERSION"))).toBe(true);
    await query(url, (sql) => sql`select 1`);
  });

  test("says so when another server has the folder", async () => {
    const dataDir = makeFolder();
    const { pid } = await start(dataDir);
    const second = startEmbeddedPostgres({ dataDir });
    await expect(second).rejects.toThrow(StartError);
    await expect(second).rejects.toMatchObject({
      message: expect.stringContaining(`(process ${pid}) already runs`),
      remedy: expect.stringContaining("PARLEY_DATA_DIR"),
    });
  });

  test("refuses a cluster of another major version", async () => {
    const dataDir = makeFolder();
    await (await start(dataDir)).stop();
    writeFileSync(join(dataDir, "pg", "PG_VERSION"), "17\n");
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      message: expect.stringContaining("belongs to PostgreSQL 17"),
    });
  });

  test("takes a lock left by a process id that is now another program's", async () => {
    const dataDir = makeFolder();
    await (await start(dataDir)).stop();
    writeFileSync(join(dataDir, "pg", "postmaster.pid"), `${process.pid}\n${dataDir}/pg\n`);
    const { url } = await start(dataDir);
    const [row] = await query(url, (sql) => sql`select 1 as one`);
    expect(row?.one).toBe(1);
  });

  test.runIf(process.platform === "linux")(
    "takes a lock left by a server that has ended and that nobody takes note of",
    async () => {
      const dataDir = makeFolder();
      await (await start(dataDir)).stop();
      // Named like the server, and a child of a program that never waits for it.
      const server = join(dataDir, "postgres");
      copyFileSync("/bin/sleep", server);
      const parent = spawn("sh", ["-c", `"${server}" 60 & echo $!; exec sleep 60`], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      cleanups.push(() => parent.kill("SIGKILL"));
      const [text] = await once(parent.stdout.setEncoding("utf8"), "data");
      const pid = Number(text);
      await vi.waitFor(() => expect(processName(pid)).toBe("postgres"));
      process.kill(pid, "SIGKILL");
      await vi.waitFor(() =>
        expect([processName(pid), processState(pid)]).toEqual(["postgres", "Z"]),
      );
      writeFileSync(join(dataDir, "pg", "postmaster.pid"), `${pid}\n${dataDir}/pg\n`);
      const { url } = await start(dataDir);
      expect(await query(url, (sql) => sql`select 1 as one`)).toMatchObject([{ one: 1 }]);
    },
  );
});

describe("migrateDatabase", () => {
  test("may be called by four processes at once", async () => {
    const serverUrl = inject("databaseServerUrl");
    await query(serverUrl, (sql) => sql`create database race`);
    const url = withDatabase(serverUrl, "race");
    await Promise.all(Array.from({ length: 4 }, () => migrateDatabase(url)));
    const rows = await query(url, (sql) => sql`select hash from drizzle.__drizzle_migrations`);
    const hashes = rows.map((row) => row.hash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.length).toBeGreaterThan(0);
  });
});

describe("createTestDatabase", () => {
  test("gives each caller a migrated database of its own", async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await query(one.url, (sql) => sql`insert into visitors (id) values (gen_random_uuid())`);
    const [inOne] = await query(one.url, (sql) => sql`select count(*)::int as n from visitors`);
    const [inTwo] = await query(two.url, (sql) => sql`select count(*)::int as n from visitors`);
    expect([inOne?.n, inTwo?.n]).toEqual([1, 0]);
    await Promise.all([one.drop(), two.drop()]);
  });
});
