import { join } from "node:path";
import type { Command } from "commander";
import { migrateDatabase } from "@/lib/db/migrate";
import { env } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import { getRunning } from "../running";
import type { Terminal } from "../terminal";

export function addDbCommand(program: Command, terminal: Terminal): void {
  const db = program.command("db").description("The database behind the platform.");
  db.command("url")
    .description("Print the URL of the database, as psql and pg_dump take it.")
    .action(() => terminal.write(`${findUrl(terminal.root)}\n`));
  db.command("migrate")
    .description("Bring the database to the schema of this version.")
    .action(async () => {
      await migrateDatabase(findUrl(terminal.root), join(terminal.root, "drizzle"));
      terminal.write("The database has the newest schema.\n");
    });
}

function findUrl(root: string): string {
  const url = env().DATABASE_URL ?? getRunning(root).databaseUrl;
  if (url !== undefined) return url;
  throw new StartError({
    message: "The database is still starting.",
    remedy: "Try again in a moment.",
  });
}
