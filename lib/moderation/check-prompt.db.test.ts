/** Goal: what an operator's rules hold back reaches no model and waits for their eyes. Method: real database, a judge over real HTTP. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OPEN_REVIEWS_A_VISITOR_MAX } from "@/lib/arena-limits";
import type { Controller } from "@/lib/controller/controller";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { arenaSettingsSchema, type ModerationRules } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";
import { checkPrompt } from "./check-prompt";
import { checkPatterns, findStrikes } from "./patterns";

let database: TestDatabase;
let server: Server;
let heard: { body: unknown; headers: Record<string, unknown> }[];
let reply: { status: number; body: string };
beforeEach(async () => {
  database = await createTestDatabase();
  heard = [];
  server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (bytes) => {
      text += bytes;
    });
    incoming.on("end", () => {
      heard.push({ body: JSON.parse(text), headers: incoming.headers });
      outgoing.writeHead(reply.status, { "content-type": "application/json", location: "/else" });
      outgoing.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  says(false);
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await database.drop();
});

function says(flagged: boolean, scores: Record<string, number> = {}): void {
  reply = {
    status: 200,
    body: JSON.stringify({ results: [{ flagged, category_scores: scores }] }),
  };
}

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/moderations`;
const rulesOf = (moderation: unknown): ModerationRules =>
  arenaSettingsSchema.parse({ moderation }).moderation;

const visitorId = createId();
function check(rules: ModerationRules, prompt: string, signal = new AbortController().signal) {
  return checkPrompt({
    ...{ db: database.db, rules, visitorId, conversationId: null, prompt, signal },
    requestId: "r",
    // Only the classifier asks it.
    controller: undefined as unknown as Controller,
  });
}

const readReviews = () =>
  database.db.execute(sql`select kind, state, visitor_id, evidence from reviews order by id`);

test("without rules nothing is asked and nothing held back", async () => {
  await check(rulesOf({}), "anything at all");
  expect(heard).toEqual([]);
  expect(await readReviews()).toEqual([]);
});

test("a pattern holds back, names itself to the operator and not to the visitor, and no judge is told", async () => {
  const patterns = [{ name: "keys", pattern: "\\bsk-[a-z0-9]{8,}" }];
  const rules = rulesOf({ patterns, judge: "endpoint", endpoint: { url: url() } });
  const refused = check(rules, "my key is SK-ABCDEFGH1234");
  await expect(refused).rejects.toMatchObject({ code: "forbidden", param: "prompt" });
  await expect(refused).rejects.not.toThrow(/keys/);
  expect(heard).toEqual([]);
  expect(await readReviews()).toEqual([
    {
      ...{ kind: "moderation", state: "open", visitor_id: visitorId },
      evidence: { patterns: ["keys"], prompt: "my key is SK-ABCDEFGH1234" },
    },
  ]);
});

test("what one visitor goes on trying is held back, and fills no queue", async () => {
  const rules = rulesOf({ patterns: [{ name: "bad", pattern: "bad" }] });
  for (let round = 0; round < OPEN_REVIEWS_A_VISITOR_MAX + 3; round++) {
    await expect(check(rules, `bad ${round}`)).rejects.toMatchObject({ code: "forbidden" });
  }
  const waiting = await readReviews();
  expect(waiting).toHaveLength(OPEN_REVIEWS_A_VISITOR_MAX);
  expect(waiting[0]?.evidence).toMatchObject({ prompt: "bad 0" });
});

test("a judge holds back what it flags, and what reaches the rules' score", async () => {
  const rules = rulesOf({ judge: "endpoint", endpoint: { url: url(), model: "m" }, scoreMin: 0.4 });
  await check(rules, "hello");
  expect(heard[0]?.body).toEqual({ input: "hello", model: "m" });
  says(false, { violence: 0.5, hate: 0.1 });
  await expect(check(rules, "hit them")).rejects.toMatchObject({ code: "forbidden" });
  says(true, { hate: 0.1 });
  await expect(check(rules, "worse")).rejects.toMatchObject({ code: "forbidden" });
  expect((await readReviews()).map((it) => it.evidence)).toEqual([
    { judge: "endpoint", categories: { violence: 0.5 }, prompt: "hit them" },
    { judge: "endpoint", categories: {}, prompt: "worse" },
  ]);
});

test("a judge that is away holds everything back for the moment, or nothing, as the rules say", async () => {
  const endpoint = { url: url() };
  const answers = [
    { status: 500, body: "{}" },
    { status: 200, body: "no JSON" },
    { status: 200, body: '{"results": []}' },
    { status: 302, body: "" },
    { status: 200, body: `{"results": [{"flagged": false, "x": "${"x".repeat(300_000)}"}]}` },
  ];
  for (const answer of answers) {
    reply = answer;
    const held = check(rulesOf({ judge: "endpoint", endpoint }), "hello");
    await expect(held).rejects.toMatchObject({ code: "unavailable", retryAfterSeconds: 5 });
    await check(rulesOf({ judge: "endpoint", endpoint, whenAway: "pass" }), "hello");
  }
  expect(await readReviews()).toEqual([]);
});

test("a visitor who leaves ends the question to the judge", async () => {
  const leaving = new AbortController();
  leaving.abort();
  const rules = rulesOf({ judge: "endpoint", endpoint: { url: url() } });
  await expect(check(rules, "hello", leaving.signal)).rejects.toMatchObject({ name: "AbortError" });
});

test("patterns are told to be none before they are stored, and none of them is slow", () => {
  expect(() => checkPatterns([{ name: "look", pattern: "(?=a)b" }])).toThrow(/"look"/);
  expect(() => checkPatterns([{ name: "open", pattern: "(" }])).toThrow(/"open"/);
  checkPatterns([{ name: "fine", pattern: "^a+$" }]);
  // Exponential in an engine that goes back: this returns at all.
  const slow = [{ name: "slow", pattern: "^(a+)+$" }];
  expect(findStrikes(slow, `${"a".repeat(30_000)}!`)).toEqual([]);
  expect(findStrikes(slow, "aaa")).toEqual(["slow"]);
});
