import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { connect, withDatabase } from "./connect";
import { startEmbeddedPostgres } from "./embedded";
import { migrateDatabase } from "./migrate";
import { TEMPLATE } from "./testing";

/** Before all tests: one database server with a migrated template, and the bundles that some tests start. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const bundling = bundle();
  const folder = mkdtempSync(join(tmpdir(), "parley-test-"));
  const server = await startEmbeddedPostgres({ dataDir: folder, unsafe: true });
  const sql = connect(server.url, { connectionsMax: 1 });
  await sql.unsafe(`create database ${TEMPLATE}`);
  await sql.end();
  await migrateDatabase(withDatabase(server.url, TEMPLATE));
  project.provide("databaseServerUrl", server.url);
  await bundling;
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function bundle(): Promise<void> {
  try {
    execFileSync(process.execPath, [resolve("scripts/bundle.mjs")], { stdio: "inherit" });
  } catch {
    // esbuild has said what is wrong. The tests that start that program fail; the others need not.
  }
}
