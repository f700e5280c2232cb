import { join } from "node:path";
import type { Command } from "commander";
import { migrateDatabase } from "@/lib/db/migrate";
import { findDatabaseUrl } from "../open-database";
import type { Terminal } from "../terminal";

export function addDbCommand(program: Command, terminal: Terminal): void {
  const db = program.command("db").description("The database behind the platform.");
  db.command("url")
    .description("Print the URL of the database, as psql and pg_dump take it.")
    .action(() => terminal.write(`${findDatabaseUrl(terminal.root)}\n`));
  db.command("migrate")
    .description("Bring the database to the schema of this version.")
    .action(async () => {
      await migrateDatabase(findDatabaseUrl(terminal.root), join(terminal.root, "drizzle"));
      terminal.write("The database has the newest schema.\n");
    });
}
