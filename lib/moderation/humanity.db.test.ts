/** Goal: who has shown to be a person may ask for a while, and nobody else. Method: real database, a verifier over real HTTP. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema, type HumanityRules } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";

const SECRET = "a-secret-of-the-test";
vi.stubEnv("PARLEY_HUMANITY_SECRET", SECRET);
const { assertHuman, isHumanityDue, proveHuman } = await import("./humanity");

let database: TestDatabase;
let server: Server;
const visitorId = createId();
const signal = new AbortController().signal;
beforeEach(async () => {
  database = await createTestDatabase();
  server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (bytes) => {
      text += bytes;
    });
    incoming.on("end", () => {
      const form = new URLSearchParams(text);
      const success = form.get("secret") === SECRET && form.get("response") === "good";
      if (form.get("response") === "broken") outgoing.writeHead(500).end("no");
      else outgoing.end(JSON.stringify({ success, "error-codes": [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await database.drop();
});

const rulesOf = (isOn: boolean): HumanityRules =>
  arenaSettingsSchema.parse({
    humanity: {
      isOn,
      siteKey: "site",
      verifyUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`,
      hours: 1,
    },
  }).humanity;

test("off, nobody is asked, and there is nothing to prove", async () => {
  await assertHuman(database.db, rulesOf(false), visitorId);
  const asked = proveHuman(database.db, rulesOf(false), { visitorId, token: "good", signal });
  await expect(asked).rejects.toMatchObject({ code: "not-found" });
});

test("a good token opens for as long as the rules say, a bad one does not", async () => {
  const rules = rulesOf(true);
  const { db } = database;
  const refused = { code: "forbidden", param: "humanity" };
  await expect(assertHuman(db, rules, visitorId)).rejects.toMatchObject(refused);
  for (const token of ["bad", ""]) {
    const asked = proveHuman(db, rules, { visitorId, token, signal });
    await expect(asked).rejects.toMatchObject({ code: "forbidden", param: "token" });
  }
  const broken = proveHuman(db, rules, { visitorId, token: "broken", signal });
  await expect(broken).rejects.toMatchObject({ code: "unavailable" });
  expect(await isHumanityDue(db, rules, visitorId)).toBe(true);
  await proveHuman(db, rules, { visitorId, token: "good", signal });
  await assertHuman(db, rules, visitorId);
  await expect(assertHuman(db, rules, createId())).rejects.toMatchObject(refused);
  await db.execute(sql`update visitors set human_at = now() - interval '61 minutes'`);
  await expect(assertHuman(db, rules, visitorId)).rejects.toMatchObject(refused);
});
