/**
 * Goal: rows keep to their limits, outlive the process that made them, and are told the truth of.
 * Method: the statements against a real database, with rows made old by hand.
 */
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { responses } from "@/lib/db/schema/responses";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { ANSWER_STALE_AFTER_MS, RESPONSE_CHAIN_MAX, RESPONSE_DAYS } from "@/lib/limits";
import type { Item } from "@/lib/openai/responses/item";
import { toItemId, toResponseId } from "@/lib/openai/responses/item";
import { responseRequestSchema } from "@/lib/openai/responses/request";
import {
  type ResponseBody,
  toFailure,
  toResponseBody,
} from "@/lib/openai/responses/response-object";
import { createId } from "@/lib/util/id";
import { type LogEntry, toAskedEntry } from "./event-log";
import { OpenResponses } from "./open-responses";
import {
  failStale,
  findChain,
  findResponse,
  findWanted,
  insertResponse,
  pruneResponses,
  saveEnd,
  saveProgress,
  touchResponses,
} from "./store";
import { viewResponse } from "./view-response";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const owner = "key:a";

function makeBody(more: Record<string, unknown> = {}): ResponseBody {
  const id = toResponseId(createId(), createId().replaceAll("-", ""));
  const request = responseRequestSchema.parse({ model: "m", input: "x", ...more });
  return toResponseBody(request, { id, now: new Date() });
}

async function insert(more: Record<string, unknown> = {}, text = "hi"): Promise<ResponseBody> {
  const body = makeBody(more);
  const { id } = body;
  const input: Item[] = [
    {
      id: toItemId(id, { type: "message", side: "i", index: 0 }),
      ...{ type: "message", role: "user", status: "completed" },
      content: [{ type: "input_text", text }],
    },
  ];
  const events = body.background ? [toAskedEntry(body)] : [];
  await insertResponse(database.db, { id, owner, body, input, events });
  return body;
}

const setBack = (id: string, column: "updatedAt" | "createdAt", seconds: number) =>
  database.db
    .update(responses)
    .set({ [column]: sql`now() - make_interval(secs => ${seconds})` })
    .where(eq(responses.id, id));

const end = (body: ResponseBody) => ({
  ...{ id: body.id, body: { ...body, status: "completed" as const }, output: [] },
  ...{ log: [], keptCount: 0 },
});

test("a response whose process died is ended as failed, with what it had said", async () => {
  const body = await insert({ background: true });
  const asked = toAskedEntry(body);
  const log: LogEntry[] = [
    asked,
    {
      ...{ type: "generation-start", model: "m", build: "0", promptTokens: 1, maxTokens: 9 },
      sampling: { temperature: 1, topP: 1, seed: 1 },
    },
    ["t", "so far"],
  ];
  const running: ResponseBody = { ...body, status: "in_progress" };
  const { id } = body;
  expect(await saveProgress(database.db, { id, body: running, log, keptCount: 1 })).toBe(true);
  expect(await failStale(database.db, "It died.")).toBe(0);
  await setBack(id, "updatedAt", ANSWER_STALE_AFTER_MS / 1000 + 1);
  expect(await failStale(database.db, "It died.")).toBe(1);
  expect(await failStale(database.db, "It died.")).toBe(0);
  const stored = await findResponse(database.db, owner, id);
  expect(stored && viewResponse(stored)).toMatchObject({
    ...{ status: "failed", error: { code: "server_error", message: "It died." } },
    output: [{ type: "message", status: "incomplete", content: [{ text: "so far" }] }],
  });
  // Written whole again, where it is not known whether the last writing came through.
  await saveProgress(database.db, { id, body: running, log, keptCount: 0 });
  expect((await findResponse(database.db, owner, id))?.events).toEqual(log);
});

test("a sign of life keeps the sweep away", async () => {
  const { id } = await insert();
  await setBack(id, "updatedAt", ANSWER_STALE_AFTER_MS / 1000 + 1);
  expect(await touchResponses(database.db, [id, "resp_gone"])).toEqual(new Set([id]));
  expect(await failStale(database.db, "It died.")).toBe(0);
});

test("a process that was only cut off has the last word, but none after a cancellation", async () => {
  const swept = await insert();
  await setBack(swept.id, "updatedAt", ANSWER_STALE_AFTER_MS / 1000 + 1);
  await failStale(database.db, "It died.");
  expect(await saveEnd(database.db, end(swept))).toBe(true);
  expect((await findResponse(database.db, owner, swept.id))?.body.status).toBe("completed");
  const cancelled = await insert({ background: true });
  const status = "cancelled" as const;
  await saveEnd(database.db, { ...end(cancelled), body: { ...cancelled, status } });
  expect(await saveEnd(database.db, end(cancelled))).toBe(false);
  expect(await findWanted(database.db, [swept.id, cancelled.id, "resp_gone"])).toEqual(new Set());
});

test("a chain goes back to its beginning, to a gap, or to its limits", async () => {
  const make = async (previous: string | null, text?: string) =>
    (await insert({ previous_response_id: previous }, text)).id;
  const one = await make(null);
  const two = await make(one);
  const three = await make(two);
  const found = await findChain(database.db, owner, three);
  expect(found.chain.map(({ id }) => id)).toEqual([one, two, three]);
  expect(found).toMatchObject({ isTooLong: false, missing: undefined });
  expect(await findChain(database.db, "key:b", three)).toMatchObject({ missing: three });
  await database.db.delete(responses).where(eq(responses.id, one));
  expect(await findChain(database.db, owner, three)).toMatchObject({ missing: one });
  const large = await make(null, "x".repeat(2_200_000));
  const larger = await make(large);
  expect(await findChain(database.db, owner, larger)).toMatchObject({ isTooLong: true });
  let last: string | null = null;
  for (let depth = 0; depth < RESPONSE_CHAIN_MAX; depth++) last = await make(last);
  const deepest = last ?? "";
  expect((await findChain(database.db, owner, deepest)).chain).toHaveLength(RESPONSE_CHAIN_MAX);
  expect(await findChain(database.db, owner, await make(deepest))).toMatchObject({
    isTooLong: true,
  });
});

test("those that are too old are deleted, and no others", async () => {
  const [old, young] = [await insert(), await insert()];
  await setBack(old.id, "createdAt", RESPONSE_DAYS * 86_400 + 60);
  await setBack(young.id, "createdAt", RESPONSE_DAYS * 86_400 - 60);
  expect(await pruneResponses(database.db)).toBe(1);
  expect(await findResponse(database.db, owner, old.id)).toBeUndefined();
  expect(await findResponse(database.db, owner, young.id)).toBeDefined();
});

test("an end that could not be written is written when it can be", async () => {
  const { db } = database;
  const open = new OpenResponses(db);
  const body = await insert();
  open.add(body);
  await db.execute(sql`alter table responses rename to elsewhere`);
  await open.end({
    ...end(body),
    body: { ...body, ...toFailure({ code: "timeout", message: "Late." }) },
  });
  await db.execute(sql`alter table elsewhere rename to responses`);
  await vi.waitFor(
    async () => {
      const stored = await findResponse(db, owner, body.id);
      expect(stored?.body.error).toEqual({ code: "server_error", message: "Late." });
    },
    { timeout: 5_000 },
  );
});
