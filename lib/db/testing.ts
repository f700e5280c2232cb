import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { inject } from "vitest";
import { type Database, openDatabase } from "./client";
import { connect, withDatabase } from "./connect";

declare module "vitest" {
  export interface ProvidedContext {
    databaseServerUrl: string;
  }
}

/** The migrated, empty database that every test's own is cloned from. */
export const TEMPLATE = "parley_template";

export type TestDatabase = { db: Database; url: string; drop(): Promise<void> };

/** A migrated database of the test's own, in the one server that testing-setup.ts started for the run. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject("databaseServerUrl");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await onServer(serverUrl, `create database ${name} template ${TEMPLATE}`);
  const url = withDatabase(serverUrl, name);
  const { db, close } = openDatabase(url, { connectionsMax: 5 });
  return {
    db,
    url,
    async drop() {
      await close();
      await onServer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

/** Empties tables and what refers to them: the ledger of models too, whose trigger refuses that to everybody else. */
export async function emptyTables(db: Database, ...tables: readonly string[]): Promise<void> {
  await db.transaction(async (transaction) => {
    await transaction.execute(sql`set local session_replication_role = replica`);
    await transaction.execute(sql.raw(`truncate ${tables.join(", ")} cascade`));
  });
}

async function onServer(serverUrl: string, statement: string): Promise<void> {
  const client = connect(serverUrl, { connectionsMax: 1 });
  try {
    await client.unsafe(statement);
  } finally {
    await client.end({ timeout: 5 });
  }
}
