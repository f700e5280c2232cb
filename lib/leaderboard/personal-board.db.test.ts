/** Goal: visitors see what their own votes say, all of them and nobody else's. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { changeRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { readPersonalBoard } from "./personal-board";

let database: TestDatabase;
const visitor = { id: createId(), voter: crypto.randomUUID() };
const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);
beforeAll(async () => {
  database = await createTestDatabase();
  await run(sql`insert into visitors (id, voter) values (${visitor.id}, ${visitor.voter})`);
  await run(sql`insert into models (id, name, description)
    values (${createId()}, 'x', '{}'), (${createId()}, 'org/y', '{}'), (${createId()}, 'veiled', '{}')`);
});
afterAll(() => database.drop());

async function vote(a: string, b: string, outcomes: string[], voter: string, counted = true) {
  await run(sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, uncounted_reason)
    select gen_random_uuid(), ${voter}, a.id, b.id, outcome, 0.5, 1, ${counted}, ${counted ? null : "too-early"}
    from models a, models b, jsonb_array_elements_text(${JSON.stringify(outcomes)}::jsonb) as outcome
    where a.name = ${a} and b.name = ${b}`);
}

test("own votes alone, those that do not count among them", async () => {
  const read = (id: string | undefined = visitor.id) => readPersonalBoard(id, database.db);
  const nothing = { votes: 0, counted: 0, isCut: false, rows: [] };
  expect(await readPersonalBoard(undefined, database.db)).toEqual(nothing);
  expect(await read(createId())).toEqual(nothing);
  expect(await read()).toEqual(nothing);
  await vote("x", "org/y", ["b", "b", "b"], crypto.randomUUID());
  await vote("x", "org/y", ["a", "a", "b"], visitor.voter);
  await vote("x", "org/y", ["a"], visitor.voter, false);
  await vote("veiled", "x", ["a"], visitor.voter);
  const { rows, ...board } = await read();
  expect(board).toEqual({ votes: 5, counted: 4, isCut: false });
  expect(rows.find(({ model }) => model === "x")).toMatchObject({ votes: 5, wins: 3, losses: 2 });
  const rule = { model: "veiled", isAnonymousOnly: true };
  await changeRules(database.db, arenaSettingsSchema.parse({ sampling: { models: [rule] } }));
  const told = await read();
  expect(told).toMatchObject({ votes: 4, counted: 3 });
  expect(told.rows.map(({ model, slug, status, wins }) => [model, slug, status, wins])).toEqual([
    ["x", "x", "rated", 3],
    ["org/y", "org~1y", "rated", 1],
  ]);
});
