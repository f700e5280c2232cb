/** Goal: a name that the database cannot keep is refused by its field, wherever keepers may write one. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
});

import { openAdminSession } from "@/lib/auth/admin-session";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import type { RouteHandler } from "@/lib/http/route";
import { processSingleton } from "@/lib/util/process-singleton";
import { PUT as putAlias } from "./aliases/route";
import { POST as postKey } from "./keys/route";
import { DELETE as deleteModel, PUT as putModel } from "./models/route";

let database: TestDatabase;
let cookie: string;
beforeAll(async () => {
  database = await createTestDatabase();
  processSingleton("database", () => ({ db: database.db }));
  cookie = openAdminSession("admin-token-of-the-tests", "here").split(";")[0] ?? "";
});
afterAll(() => database.drop());

async function send(handler: RouteHandler, body: object) {
  const headers = {
    ...{ cookie, origin: "http://127.0.0.1:3000", host: "127.0.0.1:3000" },
    "content-type": "application/json",
  };
  const url = "http://127.0.0.1:3000/api/admin";
  const request = new Request(url, { method: "PUT", headers, body: JSON.stringify(body) });
  const reply = await handler(request);
  return { status: reply.status, text: await reply.text() };
}

test.each([
  ["NUL", "m\0"],
  ["half of a pair", "m\ud83d"],
])("a name with %s is refused by its field", async (_, name) => {
  const target = { targets: [{ model: "m" }] };
  for (const [handler, body, field] of [
    [putModel, { model: name }, "model"],
    [putModel, { model: "m", fallbacks: [name] }, "fallbacks.0"],
    [deleteModel, { model: name }, "model"],
    [putAlias, { name, ...target }, "name"],
    [putAlias, { name: "a", targets: [{ model: name }] }, "targets.0.model"],
    [putAlias, { name: "a", ...target, mirrors: [{ model: name, share: 1 }] }, "mirrors.0.model"],
    [postKey, { name: "k", models: [name] }, "models.0"],
    [postKey, { name: "k", limits: { models: { [name]: {} } } }, "limits.models"],
  ] as const) {
    const { status, text } = await send(handler, body);
    expect([status, text], field).toEqual([400, expect.stringContaining(`\`${field}`)]);
  }
});
