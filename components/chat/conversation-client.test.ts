import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConversationKind, TurnAnswer } from "@/lib/protocol/conversation-view";
import { ConversationClient } from "./conversation-client";

/** Ids of the wire are UUIDs; the last digit tells which one is meant. */
const id = (digit: number) =>
  `01890a5d-ac96-774b-bcce-b30209900${digit.toString().padStart(3, "0")}`;
const [CONVERSATION, PROMPT, A, B] = [id(1), id(2), id(3), id(4)];

function answer(answerId: string, rest: Partial<TurnAnswer> = {}): TurnAnswer {
  return {
    ...{ id: answerId, role: "assistant", parentId: PROMPT, side: null, content: "" },
    ...{ status: "streaming", finishReason: null, error: null, model: null, stats: null },
    ...{ attempt: 0, reasoning: "", marks: [] },
    ...rest,
  } satisfies TurnAnswer;
}

const prompt = { id: PROMPT, role: "user", parentId: null, content: "Why?" };
const start = (kind: ConversationKind, answers: TurnAnswer[]) => ({
  ...{ type: "turn-start", conversationId: CONVERSATION, kind, prompt, answers },
});
const delta = (text: string, answerId = A) => ({ type: "text-delta", answerId, text });
const end = (it: TurnAnswer) => ({ type: "answer-end", answer: it });
const TURN_END = { type: "turn-end" };

const view = (kind: ConversationKind, answers: TurnAnswer[]) =>
  Response.json({
    ...{ id: CONVERSATION, kind, title: null, createdAt: "2026-11-21T20:00:00Z", settings: {} },
    ...{ models: kind === "chat" ? { model: "m" } : null, messages: [prompt, ...answers] },
    ...{ votes: [], reveal: null },
  });

const refusal = (status: number, code: string) =>
  Response.json({ error: { code, message: `It is ${code}.`, requestId: "r" } }, { status });

/** A stream of events that ends as it should, or breaks off once they have been read. */
function stream(events: unknown[], { isBroken = false } = {}): Response {
  const lines = events.map((it) => new TextEncoder().encode(`${JSON.stringify(it)}\n`));
  return new Response(
    new ReadableStream({
      pull(controller) {
        const line = lines.shift();
        if (line) controller.enqueue(line);
        else if (isBroken) controller.error(new TypeError("network"));
        else controller.close();
      },
    }),
  );
}

type Reply = () => Response | Promise<Response>;

/** The server: replies in the order in which each path is asked, and what it was asked. */
function serve(replies: Record<string, Reply[]>) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const call = `${init.method} ${path.replace(CONVERSATION, "ID")}`;
    asked.push(call);
    const reply = replies[call]?.shift();
    if (!reply) throw new TypeError(`Nobody answers ${call}.`);
    return reply();
  });
  return asked;
}

function client(kind: ConversationKind) {
  const opened: string[] = [];
  const ended: string[][] = [];
  const it = new ConversationClient({
    kind,
    isStored: false,
    onOpened: (opening) => opened.push(opening),
    onEnded: (answers) => ended.push(answers.map((one) => one.id)),
  });
  const contents = () => it.state().turns.flatMap((turn) => turn.attempt?.answers ?? []);
  return { it, opened, ended, contents };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => setTimeout(run, 16));
  vi.stubGlobal("cancelAnimationFrame", clearTimeout);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const complete = (content: string, rest = {}) =>
  answer(A, { content, status: "complete", ...rest });

test("a question, its answer as it is written, and one end", async () => {
  const asked = serve({
    "POST /api/conversations": [
      () =>
        stream([
          start("chat", [answer(A)]),
          delta("Be"),
          delta("cause"),
          end(complete("Because.")),
          TURN_END,
        ]),
    ],
  });
  const { it, opened, ended, contents } = client("chat");
  await it.start({ kind: "chat", model: "m", prompt: "Why?" });
  expect(contents()).toEqual([complete("Because.")]);
  expect(it.state()).toMatchObject({ phase: "idle", pending: null, failure: null });
  expect(it.state().standing).toMatchObject({ id: CONVERSATION, models: { model: "m" } });
  expect([opened, ended]).toEqual([[CONVERSATION], [[A]]]);
  expect(asked).toEqual(["POST /api/conversations"]);
});

test("a turn goes on where it was after the connection broke and the server was away", async () => {
  const asked = serve({
    "POST /api/conversations": [
      () => stream([start("chat", [answer(A)]), delta("Be")], { isBroken: true }),
    ],
    "GET /api/conversations/ID/stream": [
      () => Promise.reject(new TypeError("away")),
      () =>
        stream([
          start("chat", [answer(A, { content: "Beca" })]),
          delta("use"),
          end(complete("Because.")),
          TURN_END,
        ]),
    ],
    "GET /api/conversations/ID": [() => view("chat", [complete("Because.")])],
  });
  const { it, ended, contents } = client("chat");
  const seen = new Set<string>();
  it.subscribe(() => seen.add(`${it.state().phase} ${it.state().isReachable}`));
  const asking = it.start({ kind: "chat", model: "m", prompt: "Why?" });
  await vi.advanceTimersByTimeAsync(10_000);
  await asking;
  expect(contents()).toEqual([complete("Because.")]);
  expect(ended).toEqual([[A]]);
  expect(seen).toContain("streaming false");
  expect(it.state()).toMatchObject({ phase: "idle", isReachable: true, failure: null });
  expect(asked.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("a stored conversation whose turn still runs is shown and followed", async () => {
  serve({
    "GET /api/conversations/ID": [
      () => view("chat", [answer(A, { content: "Be" })]),
      () => view("chat", [complete("Because.")]),
    ],
    "GET /api/conversations/ID/stream": [
      () =>
        stream([
          start("chat", [answer(A, { content: "Bec" })]),
          end(complete("Because.")),
          TURN_END,
        ]),
    ],
  });
  const { it, ended, contents } = client("chat");
  await it.open(CONVERSATION);
  expect(contents()).toEqual([complete("Because.")]);
  expect(ended).toEqual([[A]]);
});

test("a question that reached nobody is kept and can be sent again", async () => {
  serve({
    "POST /api/conversations": [
      () => refusal(503, "no-worker"),
      () => stream([start("chat", [answer(A)]), end(complete("Because.")), TURN_END]),
    ],
  });
  const { it, contents } = client("chat");
  await it.start({ kind: "chat", model: "m", prompt: "Why?" });
  expect(it.state().failure).toMatchObject({
    error: { code: "no-worker" },
    ask: { prompt: "Why?" },
  });
  expect(it.state().turns).toEqual([]);
  await it.retry();
  expect(it.state().failure).toBeNull();
  expect(contents()).toHaveLength(1);
});

test("a question whose reply was lost is not asked twice", async () => {
  const follow = { id: id(5), role: "user", parentId: A, content: "And?" };
  const asked = serve({
    "GET /api/conversations/ID": [
      () => view("chat", [complete("Because.")]),
      async () => {
        const before = await view("chat", [complete("Because.")]).json();
        const next = answer(id(6), { parentId: follow.id, status: "complete", content: "So." });
        return Response.json({ ...before, messages: [...before.messages, follow, next] });
      },
    ],
    "POST /api/conversations/ID/turns": [() => Promise.reject(new TypeError("network"))],
  });
  const { it } = client("chat");
  await it.open(CONVERSATION);
  await it.ask({ prompt: "And?" });
  expect(it.state().failure).toMatchObject({ error: { code: "unreachable" } });
  await it.retry();
  expect(it.state().turns.map((turn) => turn.prompt.content)).toEqual(["Why?", "And?"]);
  expect(it.state()).toMatchObject({ phase: "idle", failure: null, pending: null });
  expect(asked.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("of a blind pair the ends are told together, and a stop that comes early is kept", async () => {
  const [a, b] = [answer(A, { side: "a" }), answer(B, { side: "b" })];
  const stopped = vi.fn();
  const asked = serve({
    "POST /api/conversations": [
      () =>
        stream([
          ...[start("battle", [a, b]), delta("x", A)],
          ...[end({ ...a, status: "complete" }), end({ ...b, status: "stopped" }), TURN_END],
        ]),
    ],
    "POST /api/conversations/ID/stop": [
      () => {
        stopped();
        return new Response(null, { status: 204 });
      },
    ],
  });
  const { it, ended } = client("battle");
  const asking = it.start({ kind: "battle", prompt: "Why?" });
  await it.stop();
  await asking;
  expect(stopped).toHaveBeenCalledOnce();
  expect(asked).toContain("POST /api/conversations/ID/stop");
  expect(ended).toEqual([[A, B]]);
});

test("who has gone on to something new is shown nothing of what was left", async () => {
  let reply: (late: Response) => void = () => undefined;
  const late = new Promise<Response>((resolve) => {
    reply = resolve;
  });
  serve({ "GET /api/conversations/ID": [() => late] });
  const { it } = client("chat");
  const opening = it.open(CONVERSATION);
  it.clear();
  reply(view("chat", [complete("Because.")]));
  await opening;
  expect(it.state()).toMatchObject({ standing: null, turns: [], isLoading: false, problem: null });
});
