/**
 * Goal: whatever a stranger sends is refused with a sentence that says what to do, and nothing is written.
 * Method: the real routes, one bad thing at a time.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { battle, chat, createWorld, toOutcome, type World } from "@/lib/arena/__fixtures__/world";
import type { RouteHandler } from "@/lib/http/route";
import { BODY_BYTES_MAX, PROMPT_CHARACTERS_MAX } from "@/lib/limits";
import { conversationEventSchema, type StartBody } from "@/lib/protocol/conversation-view";
import { createId } from "@/lib/util/id";
import { POST as postAnswers } from "./[id]/answers/route";
import { PUT as putMarks } from "./[id]/marks/route";
import { GET as getConversation } from "./[id]/route";
import { POST as postStop } from "./[id]/stop/route";
import { GET as getStream } from "./[id]/stream/route";
import { POST as postTurn } from "./[id]/turns/route";
import { PATCH as patchVote, POST as postVote } from "./[id]/vote/route";
import { POST as postConversation } from "./route";

let world: World;
beforeAll(async () => {
  world = await createWorld(["mock/echo", "mock/random"]);
});
afterAll(() => world.close());

type Sent = { id?: string; body?: BodyInit; cookie?: string; type?: string };

async function send(handler: RouteHandler, sent: Sent = {}) {
  const { id = "", body, cookie, type = "application/json" } = sent;
  const headers = new Headers({ "content-type": type, ...(cookie && { cookie }) });
  const init = body === undefined ? {} : { method: "POST", body };
  const request = new Request("http://localhost/api", { ...init, headers });
  const response = await handler(request, { params: Promise.resolve({ id }) });
  const set = response.headers.get("set-cookie")?.split(";")[0];
  const text = await response.text();
  const error = response.status >= 400 ? JSON.parse(text).error : undefined;
  return { status: response.status, text, error, cookie: set ?? cookie ?? "" };
}

const json = (value: unknown) => JSON.stringify(value);

async function begin(start: StartBody) {
  const { text, cookie } = await send(postConversation, { body: json(start) });
  const lines = text.trim().split("\n");
  const turn = toOutcome(lines.map((line) => conversationEventSchema.parse(JSON.parse(line))));
  return { ...turn, cookie, id: turn.start.conversationId };
}

async function countRows(): Promise<unknown> {
  const [row] = await world.db.execute(sql`select (select count(*) from conversations) as talks,
    (select count(*) from messages) as messages, (select count(*) from votes) as votes`);
  return row;
}

const invalidUtf8 = () => {
  const bytes = Buffer.from(json({ kind: "battle", prompt: "abc" }));
  bytes[bytes.indexOf("abc")] = 0xff;
  return bytes;
};
const tooMany = "x".repeat(50_000);

test.each<[string, Sent, number, string]>([
  ["50,000 characters", { body: json(battle(tooMany)) }, 400, "prompt"],
  ["no prompt", { body: json({ kind: "battle" }) }, 400, "prompt"],
  ["blanks", { body: json(battle(" \n\t ")) }, 400, "prompt"],
  ["NUL", { body: json(battle("a\0b")) }, 400, "prompt"],
  ["an unknown kind", { body: json({ kind: "duel", prompt: "x" }) }, 400, "kind"],
  ["settings of a battle", { body: json({ ...battle("x"), settings: {} }) }, 400, "settings"],
  ["models of a battle", { body: json({ ...battle("x"), model: "m" }) }, 400, "model"],
  [
    "one model of two",
    { body: json({ kind: "compare", prompt: "x", models: { a: "m" } }) },
    400,
    "models.b",
  ],
  [
    "a hot temperature",
    { body: json({ ...chat("x"), settings: { temperature: 3 } }) },
    400,
    "settings.temperature",
  ],
  [
    "an unknown setting",
    { body: json({ ...chat("x"), settings: { seed: 1 } }) },
    400,
    "settings.seed",
  ],
  [
    "a long system prompt",
    { body: json({ ...chat("x"), settings: { system: tooMany } }) },
    400,
    "settings.system",
  ],
  ["no JSON", { body: "{" }, 400, ""],
  ["bytes that are no UTF-8", { body: invalidUtf8() }, 400, ""],
  ["a form", { body: "prompt=x", type: "application/x-www-form-urlencoded" }, 415, ""],
  ["a body of more than the limit", { body: json(battle("x".repeat(BODY_BYTES_MAX))) }, 413, ""],
])("a start with %s", async (_name, sent, status, param) => {
  const before = await countRows();
  const reply = await send(postConversation, sent);
  expect(reply.status).toBe(status);
  expect(reply.error.message).toMatch(/\w+ .*[.]$/);
  if (param !== "") expect(`${reply.error.param} ${reply.error.message}`).toContain(param);
  expect(await countRows()).toEqual(before);
});

test("the longest prompt is taken", async () => {
  const { side, start } = await begin(chat("y".repeat(PROMPT_CHARACTERS_MAX), "mock/random"));
  expect(side(null).status).toBe("complete");
  expect(start.prompt.content).toHaveLength(PROMPT_CHARACTERS_MAX);
});

test("nothing of another's, by whatever id, and nothing of one's own that is not there", async () => {
  const mine = await begin(battle("hello"));
  const stranger = await begin(chat("hello"));
  const before = await countRows();
  const [answerAId, answerBId] = [mine.side("a").id, mine.side("b").id];
  const promptId = mine.start.prompt.id;
  const attempts: [RouteHandler, unknown?][] = [
    [getConversation],
    [getStream],
    [postTurn, { prompt: "x" }],
    [postAnswers, { promptId }],
    [postStop, {}],
    [postVote, { outcome: "a", answerAId, answerBId }],
    [patchVote, { answerAId, answerBId, reasons: ["useful"] }],
    [putMarks, { answerId: answerAId, kind: "up", isSet: true }],
  ];
  const messages = new Set<string>();
  for (const [handler, body] of attempts) {
    const sent = body === undefined ? {} : { body: json(body) };
    for (const id of [mine.id, createId(), "none", "%00", "' or 1=1 --", "x".repeat(5_000)]) {
      const reply = await send(handler, { ...sent, id, cookie: stranger.cookie });
      expect(reply.status).toBe(404);
      messages.add(reply.error.message);
    }
    // A cookie that nobody signed is nobody's.
    const forged = `${mine.cookie.slice(0, -4)}AAAA`;
    expect((await send(handler, { ...sent, id: mine.id, cookie: forged })).status).toBe(404);
  }
  expect(messages.size).toBe(1);
  const own = { id: mine.id, cookie: mine.cookie };
  const foreign = stranger.side(null).id;
  const refused: [RouteHandler, unknown, number][] = [
    [postTurn, { prompt: "x", parentId: foreign }, 400],
    [postTurn, { prompt: tooMany }, 400],
    [postTurn, { prompt: "x", settings: {} }, 400],
    [postAnswers, { promptId: foreign }, 404],
    [postAnswers, { promptId, answerId: foreign }, 404],
    [postStop, { answerId: foreign }, 404],
    [postVote, { outcome: "c", answerAId, answerBId }, 400],
    [postVote, { outcome: "a", answerAId: foreign, answerBId }, 400],
    [patchVote, { answerAId, answerBId, reasons: ["useful", "useful"] }, 400],
    [putMarks, { answerId: foreign, kind: "up", isSet: true }, 404],
    [putMarks, { answerId: answerAId, kind: "sideways", isSet: true }, 400],
  ];
  for (const [handler, body, status] of refused) {
    const reply = await send(handler, { ...own, body: json(body) });
    expect([reply.status, reply.error.message]).toEqual([status, expect.stringMatching(/[.]$/)]);
  }
  expect(await countRows()).toEqual(before);
});

test("a vote that is sent twenty times at once is one vote", async () => {
  const { id, cookie, side } = await begin(battle("hello"));
  const body = json({ outcome: "tie", answerAId: side("a").id, answerBId: side("b").id });
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => send(postVote, { id, cookie, body })),
  );
  expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
  const [row] = await world.db.execute(sql`select (select count(*)::int from votes) as votes,
    (select count(*)::int from ballots) as ballots`);
  expect(row).toEqual({ votes: 1, ballots: 1 });
});
