/**
 * Goal: a revoked key is refused everywhere within a second, however the connections fare. Method: rings
 * of several processes on one real database; connections are ended from the server's side, or run through
 * a socket of the test's own that is cut or stopped.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { ChangeFeed } from "@/lib/db/change-feed";
import { openDatabase } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createKeyBodySchema } from "@/lib/protocol/key-view";
import { type KeyRingCopy, readKeyRing } from "./key-ring";
import { createKey, revokeKey } from "./key-store";

/** A second, and room for a machine that runs everything at once. */
const REVOKED_WITHIN_MS = 2_500;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The ring of one process, with its own pool and its own ear. */
async function openRing(url = database.url): Promise<{ ring: KeyRingCopy; feed: ChangeFeed }> {
  const feed = new ChangeFeed(url);
  const { db, sql: client } = openDatabase(url, { connectionsMax: 2, connectTimeoutSeconds: 2 });
  onTestFinished(async () => {
    await feed.close();
    await client.end({ timeout: 0 });
  });
  const ring = new LiveCopy({
    ...{ feed, topic: "keys" as const, whenAway: "refuse" as const },
    read: () => readKeyRing(db),
  });
  await ring.get();
  await vi.waitFor(() => expect(feed.isLive).toBe(true), { timeout: 5_000 });
  return { ring, feed };
}

const makeKey = () => createKey(database.db, createKeyBodySchema.parse({ name: "k" }));
const stateOf = async (ring: KeyRingCopy, key: string) => (await ring.get()).find(key).state;

async function untilRevoked(ring: KeyRingCopy, key: string): Promise<void> {
  await vi.waitFor(async () => expect(await stateOf(ring, key)).toBe("revoked"), {
    timeout: REVOKED_WITHIN_MS,
    interval: 10,
  });
}

test("a new key is known and a revoked one refused by every process, without a question of theirs", async () => {
  const [one, other] = [await openRing(), await openRing()];
  const { key, view } = await makeKey();
  for (const { ring } of [one, other]) {
    await vi.waitFor(() => expect(ring.peek()?.find(key).state).toBe("live"));
  }
  await revokeKey(database.db, view.id);
  for (const { ring } of [one, other]) {
    await vi.waitFor(() => expect(ring.peek()?.find(key).state).toBe("revoked"), {
      timeout: REVOKED_WITHIN_MS,
      interval: 5,
    });
  }
});

test("so it is by a process whose connections were ended just before", async () => {
  const [one, deaf] = [await openRing(), await openRing()];
  const { key, view } = await makeKey();
  await vi.waitFor(() => expect(deaf.ring.peek()?.find(key).state).toBe("live"));
  await database.db.execute(
    sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await revokeKey(database.db, view.id);
  await Promise.all([untilRevoked(one.ring, key), untilRevoked(deaf.ring, key)]);
});

test("so it is by a process that stays deaf, and only there is the database asked", async () => {
  const { ring, feed } = await openRing();
  const { key, view } = await makeKey();
  await vi.waitFor(() => expect(ring.peek()?.find(key).state).toBe("live"));
  // Never to hear again: as when a pooler in between swallows notifications.
  await feed.close();
  await revokeKey(database.db, view.id);
  await untilRevoked(ring, key);
  expect(feed.isLive).toBe(false);
});

/** A way to the database that can be cut (connections end, new ones are refused) or stopped (nothing comes through). */
async function openWay() {
  const real = join(String(new URL(database.url).searchParams.get("host")), ".s.PGSQL.5432");
  const folder = mkdtempSync(join(tmpdir(), "parley-way-"));
  const path = join(folder, ".s.PGSQL.5432");
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(real);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((settle) => server.listen(path, settle));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  onTestFinished(() => {
    close();
    rmSync(folder, { recursive: true, force: true });
  });
  const url = new URL(database.url);
  url.searchParams.set("host", folder);
  const stop = () => {
    for (const socket of sockets) socket.unpipe().pause();
    server.on("connection", (socket) => socket.unpipe().pause());
  };
  return { url: url.href, cut: close, stop };
}

test.each(["cut", "stop"] as const)(
  "a process whose way to the database is %s refuses keys after a second at most, and knows what it knew last",
  async (how) => {
    const way = await openWay();
    const { ring } = await openRing(way.url);
    const { key, view } = await makeKey();
    await vi.waitFor(() => expect(ring.peek()?.find(key).state).toBe("live"));
    way[how]();
    await revokeKey(database.db, view.id);
    let refusal: unknown;
    await vi.waitFor(
      async () => {
        refusal = await ring.get().then(
          (it) => it.find(key).state,
          (error: unknown) => error,
        );
        expect(refusal).toMatchObject({ code: "unavailable", retryAfterSeconds: 2 });
      },
      { timeout: REVOKED_WITHIN_MS + 1_000, interval: 10 },
    );
    expect(ring.peek()).toBeUndefined();
    expect(ring.last?.find(key).state).toBe("live");
    way.cut();
  },
);
