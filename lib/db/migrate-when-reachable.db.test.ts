/**
 * Goal: a process that starts while its database goes away waits for it, wherever it was, and says what else is wrong.
 * Method: a real database behind a wire that is cut at a chosen word.
 */
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { createId } from "@/lib/util/id";
import { connect, withDatabase } from "./connect";
import { migrateWhenReachable } from "./migrate-when-reachable";
import { openWire } from "./testing-wire";

const NAME = `test_reachable_${createId().replaceAll("-", "")}`;
const server = inject("databaseServerUrl");

beforeAll(() => onServer(`create database ${NAME}`));
afterAll(() => onServer(`drop database ${NAME} with (force)`));

async function onServer(statement: string): Promise<void> {
  const client = connect(server, { connectionsMax: 1 });
  await client.unsafe(statement);
  await client.end({ timeout: 5 });
}

test("the wire is cut at the lock, at the list of steps and in the middle of a step: all of them are done", async () => {
  const words = ["pg_advisory_lock", "__drizzle_migrations", "model_settings"];
  const { url, cut } = await openWire(withDatabase(server, NAME), words);
  await migrateWhenReachable(url);
  expect(cut.toSorted()).toEqual(words.toSorted());
  const sql = connect(withDatabase(server, NAME), { connectionsMax: 1 });
  onTestFinished(() => sql.end({ timeout: 5 }));
  const [found] = await sql`select to_regclass('model_settings')::text as name`;
  expect(found).toEqual({ name: "model_settings" });
});

test("a database that is not there is no reason to wait", async () => {
  const { url } = await openWire(withDatabase(server, NAME), []);
  const missing = new URL(url);
  missing.pathname = "/nobody_made_this";
  await expect(migrateWhenReachable(missing.href)).rejects.toMatchObject({ code: "3D000" });
});
