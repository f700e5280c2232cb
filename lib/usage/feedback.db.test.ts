/** Goal: an answer is found however lately it was written, by who asked for it. */
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Owner } from "@/lib/auth/api-caller";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { FEEDBACK_LOOK_UPS_MAX } from "@/lib/limits";
import { createId } from "@/lib/util/id";
import { readFeedback, takeFeedback } from "./feedback";
import { UsageLedger } from "./ledger";
import { Meter } from "./meter";
import { writeRecords } from "./store";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const { signal } = new AbortController();
/** Of another process: nothing in the memory of this one. */
const ledger = { find: () => undefined };

function write(id: string, requestId = "r"): Promise<void> {
  return writeRecords(database.db, [
    {
      ...{ id, requestId, owner: "key:k", endpoint: "/v1/chat/completions", asked: "auto" },
      ...{ model: "m", workerId: null, outcome: "complete", promptTokens: 1 },
      ...{ cachedPromptTokens: 0, completionTokens: 1, costNanoDollars: 0 },
      ...{ firstTokenMs: 1, durationMs: 1, segments: null, startedAt: new Date().toISOString() },
    },
  ]);
}

function say(about: { id: string } | { requestId: string }, more: object = {}) {
  const body = { about, score: 1, comment: null, tags: [], ...more };
  return takeFeedback({ db: database.db, ledger, owner: "key:k", body, signal });
}

test("a record that another process writes a moment later is waited for", async () => {
  const id = createId();
  const said = say({ id });
  await delay(50);
  await write(id);
  expect(await said).toEqual({ answerId: id });
});

test("what was said again takes the place of what was said", async () => {
  const id = createId();
  await write(id, "mine");
  await say({ requestId: "mine" }, { comment: "good" });
  await say({ id }, { score: -1, tags: ["late"] });
  const { models, latest } = await readFeedback(database.db);
  expect(latest[0]).toMatchObject({
    ...{ answerId: id, asked: "auto", model: "m", score: -1, comment: null, tags: ["late"] },
  });
  expect(models).toEqual([{ model: "m", count: 2, mean: 0, down: 1 }]);
});

test("keepers are not told which visitor said something", async () => {
  const id = createId();
  await database.db.execute(sql`
    insert into feedback (answer_id, owner, endpoint, asked, model, score, tags, updated_at)
    values (${id}, 'visitor:v', 'arena', 'm', 'm', 1, '{}', now() + interval '1 second')`);
  const { latest } = await readFeedback(database.db);
  expect(latest[0]).toMatchObject({ answerId: id, owner: "visitors" });
  await database.db.execute(sql`delete from feedback where answer_id = ${id}`);
});

test("an answer of another owner, or of long ago, is unknown", async () => {
  const old = createId(Date.now() - 60_000);
  await expect(say({ id: old })).rejects.toMatchObject({ code: "not-found", param: "id" });
  await write(old);
  const body = { about: { id: old }, score: 1, comment: null, tags: [] };
  await expect(
    takeFeedback({ db: database.db, ledger, owner: "anonymous", body, signal }),
  ).rejects.toMatchObject({ code: "not-found" });
});

test("look-ups by request id are few at once, do not wait, and hold up nobody who knows the answer's id", async () => {
  const id = createId();
  await write(id, "busy");
  const none = Array.from({ length: FEEDBACK_LOOK_UPS_MAX }, () => say({ requestId: "none" }));
  const refused = expect(Promise.all(none)).rejects.toMatchObject({ code: "not-found" });
  const beyond = say({ requestId: "busy" });
  await expect(beyond).rejects.toMatchObject({ code: "overloaded", status: 429 });
  await refused;
  await Promise.allSettled(none);
  expect(await say({ requestId: "busy" })).toEqual({ answerId: id });
  expect(await say({ id })).toEqual({ answerId: id });
});

test("another caller's request of the same id hides nobody's own", async () => {
  const live = new UsageLedger();
  const open = (owner: Owner) => {
    const meter = new Meter(
      { caller: { owner, key: undefined }, endpoint: "e", asked: "m", requestId: "same" },
      live,
    );
    meter.serve({ model: "m", workerId: createId() });
    return meter;
  };
  const [theirs, mine] = [open("key:other"), open("key:k")];
  const body = { about: { requestId: "same" }, score: 1, comment: null, tags: [] };
  const said = takeFeedback({ db: database.db, ledger: live, owner: "key:k", body, signal });
  expect(await said).toEqual({ answerId: mine.id });
  for (const meter of [theirs, mine]) meter.close("complete");
});
