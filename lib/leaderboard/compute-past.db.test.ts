/** Goal: votes that were moved in bring their past along, and what was told on its day stays. Method: raw ballots, a real database. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { OVERALL } from "@/lib/protocol/board-key";
import { createId } from "@/lib/util/id";
import { BoardEngine } from "./board-engine";
import { forgetLaterDays } from "./board-store";
import { computePast } from "./compute-past";
import { readHistory } from "./read-history";

let database: TestDatabase;
const ids = new Map(["x", "y"].map((name) => [name, createId()]));
const unending = new AbortController().signal;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const [name, id] of ids) {
    await database.db.insert(models).values({ id, name, description: {} });
  }
});
afterAll(() => database.drop());

const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);
/** So many votes of a day, `wins` of them for x. */
async function votes(daysAgo: number, wins: number, losses: number) {
  for (const outcome of [...Array(wins).fill("a"), ...Array(losses).fill("b")]) {
    await run(sql`insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, facts, created_at)
      values (${createId()}, ${createId()}, ${ids.get("x")}, ${ids.get("y")}, ${outcome}, 0.5, 1, true, '{}'::jsonb,
        now() - make_interval(days => ${daysAgo}))`);
  }
}
const history = () => readHistory(OVERALL, ["x"], database.db);
const scores = async () => {
  const { days, models } = await history();
  return days.map((day, at) => [day, Math.round(models[0]?.points[at]?.rating ?? 0)] as const);
};
const dayOf = async (daysAgo: number) => {
  const [row] = await run(
    sql`select ((now() at time zone 'UTC')::date - ${daysAgo}::int)::text as day`,
  );
  return String(row?.day);
};

test("each past day with votes gets the board of the votes up to it, once", async () => {
  await votes(3, 6, 2);
  await votes(2, 2, 6);
  await votes(100, 4, 4);
  const engine = new BoardEngine(database.db);
  await engine.compute("overall@all");
  expect((await history()).days).toEqual([await dayOf(0)]);
  await computePast(database.db, engine, unending);
  const told = await scores();
  // A week far back stands by its last day.
  expect(told.slice(1).map(([day]) => day)).toEqual([
    await dayOf(3),
    await dayOf(2),
    await dayOf(0),
  ]);
  expect(new Date(`${told[0]?.[0]}T00:00:00Z`).getUTCDay()).toBe(0);
  const [far, after, before, now] = told.map(([, score]) => score);
  expect([far, before, now]).toEqual([1000, 1000, 1000]);
  expect(after).toBeGreaterThan(1000);
  expect((await history()).laterUntil).toBe(await dayOf(2));
  // A second time there is nothing to do.
  expect(await engine.computePast("overall@all")).toBeUndefined();
});

test("votes that are moved in later change what was told later, and not what was told on the day", async () => {
  await run(sql`update board_days set is_later = false where day = ${await dayOf(3)}::date`);
  const before = new Map(await scores());
  await votes(3, 9, 0);
  await forgetLaterDays(database.db, new Date(Date.now() - 3 * 86_400_000));
  const engine = new BoardEngine(database.db);
  await computePast(database.db, engine, unending);
  const after = new Map(await scores());
  expect(after.get(await dayOf(3))).toBe(before.get(await dayOf(3)));
  expect(after.get(await dayOf(2))).toBeGreaterThan(before.get(await dayOf(2)) ?? 0);
});
