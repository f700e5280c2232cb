/** Goal: keepers see what was used, and nobody else does. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
});

import { openAdminSession } from "@/lib/auth/admin-session";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { usageReportSchema } from "@/lib/protocol/usage-view";
import { writeRecords } from "@/lib/usage/store";
import { createId } from "@/lib/util/id";
import { processSingleton } from "@/lib/util/process-singleton";
import { GET } from "./route";

let database: TestDatabase;
let cookie: string;
const keyId = createId();
beforeAll(async () => {
  database = await createTestDatabase();
  processSingleton("database", () => ({ db: database.db }));
  cookie = openAdminSession("admin-token-of-the-tests", "here").split(";")[0] ?? "";
  const record = {
    ...{ requestId: "r", endpoint: "/v1/messages", asked: "m", model: "m", workerId: null },
    ...{ cachedPromptTokens: 1, costNanoDollars: 7, firstTokenMs: null, durationMs: null },
    ...{ promptTokens: 5, completionTokens: 3, segments: null },
  };
  const at = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  await writeRecords(database.db, [
    { ...record, id: createId(), owner: `key:${keyId}`, outcome: "complete", startedAt: at(0) },
    { ...record, id: createId(), owner: `key:${keyId}`, outcome: "running", startedAt: at(0) },
    { ...record, id: createId(), owner: "anonymous", outcome: "cancelled", startedAt: at(3) },
    { ...record, id: createId(), owner: "anonymous", outcome: "lost", startedAt: at(20) },
  ]);
});
afterAll(() => database.drop());

const ask = (query: string, headers: Record<string, string> = { cookie }) =>
  GET(new Request(`http://127.0.0.1:3000/api/admin/usage${query}`, { headers }));
const report = async (query: string) => usageReportSchema.parse(await (await ask(query)).json());

test("sums over a week by day, caller, model and endpoint, with the latest requests", async () => {
  const week = await report("");
  expect(week.days).toHaveLength(7);
  expect(week.days.map((it) => it.requests)).toEqual([0, 0, 0, 1, 0, 0, 1]);
  expect(week.total).toMatchObject({ requests: 2, cancelled: 1, promptTokens: 10 });
  expect(week.keys.map((it) => it.owner).sort()).toEqual(["anonymous", `key:${keyId}`]);
  expect(week.models).toMatchObject([{ model: "m", requests: 2, costNanoDollars: 14 }]);
  expect(week.endpoints).toMatchObject([{ endpoint: "/v1/messages" }]);
  expect(week.requests.map((it) => it.outcome).sort()).toEqual([
    "cancelled",
    "complete",
    "lost",
    "running",
  ]);
});

test("of one caller, and of a longer time", async () => {
  const own = await report(`?days=1&owner=key:${keyId}`);
  expect(own.total.requests).toBe(1);
  expect(own.requests).toHaveLength(2);
  const month = await report("?days=30&owner=anonymous");
  expect(month.total).toMatchObject({ requests: 2, failed: 1, cancelled: 1 });
});

test("is refused to strangers, and names what is wrong with a question", async () => {
  expect((await ask("", {})).status).toBe(401);
  for (const query of ["?days=0", "?days=x", "?owner=%27%3B--", "?what=1"]) {
    const reply = await ask(query);
    expect(reply.status).toBe(400);
    const { error } = await reply.json();
    expect(error.message).toMatch(/`(days|owner|what)`/);
  }
});
