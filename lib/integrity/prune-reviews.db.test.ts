/** Goal: visitors' words do not outlive what was decided of them for long. Method: a real database. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REVIEW_KEPT_DAYS } from "@/lib/arena-limits";
import { reviews } from "@/lib/db/schema/arena";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { pruneReviews } from "./prune-reviews";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("what was decided long ago goes, what waits and what is about votes stays", async () => {
  const { db } = database;
  const before = (days: number) => sql`now() - make_interval(days => ${days}::int)`;
  const old = before(REVIEW_KEPT_DAYS + 1);
  const decided = { state: "upheld", decidedAt: old, createdAt: old, evidence: {} } as const;
  await db.insert(reviews).values([
    { ...decided, kind: "moderation" },
    { ...decided, kind: "flag", state: "dismissed" },
    { ...decided, kind: "anomaly" },
    { ...decided, kind: "flag", decidedAt: before(REVIEW_KEPT_DAYS - 1) },
    { kind: "moderation", createdAt: old, evidence: {} },
  ]);
  await pruneReviews(db);
  const left = await db.select({ kind: reviews.kind, state: reviews.state }).from(reviews);
  expect(left.map(({ kind, state }) => `${kind} ${state}`).sort()).toEqual([
    "anomaly upheld",
    "flag upheld",
    "moderation open",
  ]);
});
