/** Goal: a database without our tables is a sentence with its remedy. Method: a real, empty PostgreSQL schema. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import { withDatabase } from "./open-database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  Object.assign(env(), { DATABASE_URL: database.url });
});
afterAll(() => database.drop());

test.each([
  ["a table", sql`select * from no_such_table`],
  ["a column", sql`select no_such_column from workers`],
])("%s that is not there yet", async (_, query) => {
  const asked = withDatabase("/nowhere", (db) => db.execute(query));
  const error = await asked.catch((thrown: unknown) => thrown);
  expect(error instanceof StartError && error.line).toMatch(
    /lacks tables or columns.*`npx parley db migrate`/,
  );
});
