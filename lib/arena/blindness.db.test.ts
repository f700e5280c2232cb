/**
 * Goal: nothing that a browser gets before the vote ties a side to a model.
 * Method: the real routes; every byte of every response is searched for whatever is a model's or a
 * worker's own, and views of the two sides are compared with everything of theirs exchanged.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { GET as getArena } from "@/app/api/arena/route";
import { POST as postAnswers } from "@/app/api/conversations/[id]/answers/route";
import { GET as getConversation } from "@/app/api/conversations/[id]/route";
import { POST as postStop } from "@/app/api/conversations/[id]/stop/route";
import { GET as getStream } from "@/app/api/conversations/[id]/stream/route";
import { POST as postTurn } from "@/app/api/conversations/[id]/turns/route";
import { POST as postVote } from "@/app/api/conversations/[id]/vote/route";
import { POST as postConversation } from "@/app/api/conversations/route";
import { POST as postTokenCount } from "@/app/api/token-count/route";
import { controller } from "@/lib/controller/controller";
import type { RouteHandler } from "@/lib/http/route";
import {
  type ConversationEvent,
  type ConversationView,
  conversationEventSchema,
  conversationViewSchema,
} from "@/lib/protocol/conversation-view";
import { createId } from "@/lib/util/id";
import { battle, createWorld, toOutcome, type World } from "./__fixtures__/world";
import { planFirstTurn } from "./plan-turn";

const MODELS = ["mock/echo", "mock/random", "mock/fails-after-3-tokens", "mock/rejects"];
let world: World;
let secrets: string[];
beforeAll(async () => {
  world = await createWorld([MODELS[0]!], [MODELS[1]!], [MODELS[2]!], [MODELS[3]!]);
  const known = await controller().listModels();
  secrets = [
    ...known.flatMap((model) => [model.name, model.name.slice(5), model.modelId, model.build]),
    ...world.workers.flatMap((it) => [it.workerId, it.name, it.instanceId, it.address]),
    ...world.workers.map((it) => new URL(it.address).port),
    ...["mock", "Repeats the last", "worker name", "contextLength"],
  ].map((secret) => secret.toLowerCase());
});
afterAll(() => world.close());

class Browser {
  cookie = "";
  /** Everything received: status line, headers, body. */
  heard: string[] = [];

  async send(handler: RouteHandler, options: { id?: string; body?: unknown } = {}) {
    const headers = new Headers({ "content-type": "application/json" });
    if (this.cookie) headers.set("cookie", this.cookie);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request = new Request("http://localhost/api", {
      method: body === undefined ? "GET" : "POST",
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const params = Promise.resolve({ id: options.id ?? "" });
    const response = await handler(request, { params });
    const cookie = response.headers.get("set-cookie");
    if (cookie) this.cookie = cookie.split(";")[0]!;
    const text = await response.text();
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`);
    this.heard.push([`${response.status} ${response.statusText}`, ...head, text].join("\n"));
    return { status: response.status, text };
  }

  async stream(handler: RouteHandler, options: { id?: string; body: unknown }) {
    const { status, text } = await this.send(handler, options);
    expect(status).toBe(200);
    const events = text
      .trim()
      .split("\n")
      .map((line): ConversationEvent => conversationEventSchema.parse(JSON.parse(line)));
    return toOutcome(events);
  }
}

/** What is a model's own in anything heard, with the words that a reader may see anyway taken out. */
function leaks(heard: readonly string[], shown: readonly string[]): string[] {
  let text = heard.join("\n").toLowerCase();
  // Random ids and signatures may hold any digits; a port number inside one is chance.
  text = text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, (id) => (secrets.includes(id) ? id : "ID"));
  text = text.replace(/parley_visitor=[^;\n]*/g, "COOKIE");
  for (const words of shown) text = text.replaceAll(words.toLowerCase(), "");
  return secrets.filter((secret) => text.includes(secret));
}

test("no byte before the vote names a model or a worker", async () => {
  const outcomes = { voted: 0, failed: 0, refused: 0 };
  const isEnough = (rounds: number) => rounds >= 6 && outcomes.failed > 0 && outcomes.refused > 0;
  for (let round = 0; round < 30 && !isEnough(round); round++) {
    const browser = new Browser();
    const body = battle("say something plain");
    const turn = await browser.stream(postConversation, { body });
    const id = turn.start.conversationId;
    await browser.send(getConversation, { id });
    await browser.send(getStream, { id });
    await browser.send(getArena);
    await browser.send(postTokenCount, { body: { prompt: "and on", conversationId: id } });
    const failed = turn.answers.filter((answer) => answer.status === "failed");
    const promptId = turn.start.prompt.id;
    for (const { id: answerId } of failed) {
      await browser.stream(postAnswers, { id, body: { promptId, answerId } });
      outcomes.failed++;
    }
    await browser.send(postStop, { id, body: {} });
    const next = await browser.send(postTurn, { id, body: { prompt: "and more of it" } });
    if (next.status !== 200) outcomes.refused++;
    const vote = { outcome: "a", answerAId: turn.side("a").id, answerBId: turn.side("b").id };
    if (failed.length > 0) await browser.send(postVote, { id, body: vote });
    // A token count names a context length, of the strictest model awake, whoever fights.
    const allowed = ["contextlength"];
    expect(leaks(browser.heard, allowed)).toEqual([]);
    if (failed.length > 0) continue;
    const { text } = await browser.send(postVote, { id, body: vote });
    const view = conversationViewSchema.parse(JSON.parse(text));
    expect(MODELS).toContain(view.reveal?.a.model);
    expect(view.reveal?.pair.votes).toBeGreaterThan(0);
    expect(leaks(browser.heard, [])).toContain(view.reveal?.a.model);
    outcomes.voted++;
  }
  // One pair in six has no failing side, so that only failures are sure to be met in so few rounds;
  // that the search finds what is there is shown on a list of models.
  expect(outcomes.failed).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(0);
  const control = JSON.stringify(await controller().listModels());
  expect(leaks([control], [])).toEqual(expect.arrayContaining(MODELS));
});

/** Everything of a view except its words and ids. */
function shape(view: ConversationView): string {
  return JSON.stringify(view.messages, (key, value) => {
    return ["id", "parentId", "content", "side"].includes(key) ? typeof value : value;
  });
}

test("which side a model took changes nothing but the words", async () => {
  const shapes = new Set<string>();
  for (let round = 0; round < 6; round++) {
    const browser = new Browser();
    const turn = await browser.stream(postConversation, { body: battle("say something plain") });
    const { text } = await browser.send(getConversation, { id: turn.start.conversationId });
    const view = conversationViewSchema.parse(JSON.parse(text));
    // The start says nothing of the sides but their names, in that order.
    expect(turn.start.answers.map((it) => it.side)).toEqual(["a", "b"]);
    expect(
      new Set(turn.start.answers.map(({ id: _, side: __, ...rest }) => JSON.stringify(rest))).size,
    ).toBe(1);
    // Every failure reads the same, be it a refusal before the first word or a fault after the third.
    for (const answer of turn.answers) shapes.add(JSON.stringify([answer.status, answer.error]));
    expect(shape(view)).not.toContain('stats":{');
  }
  expect([...shapes].filter((it) => it.includes("failed")).length).toBeLessThanOrEqual(1);
});

test("the order of the two answers' ids is not the order of the models", () => {
  let inOrder = 0;
  for (let round = 0; round < 400; round++) {
    const modelAt = () => ({ id: createId(), name: "any" });
    const { answers } = planFirstTurn({ kind: "battle", prompt: "x", modelAt });
    const [a, b] = answers;
    // The first 48 bits are the clock: alike for both.
    expect(a!.id.slice(0, 13)).toBe(b!.id.slice(0, 13));
    if (a!.id < b!.id) inOrder++;
  }
  // Binomial(400, ½): outside 150 to 250 once in two million runs.
  expect(inOrder).toBeGreaterThan(149);
  expect(inOrder).toBeLessThan(251);
});

test("the pieces of an answer are cut by its text, not by its model's tokens", async () => {
  const browser = new Browser();
  const turn = await browser.stream(postConversation, {
    body: battle("unbelievably long-winded words here"),
  });
  for (const answer of turn.answers) {
    const pieces = turn.all.flatMap((event) =>
      event.type === "text-delta" && event.answerId === answer.id ? [event.text] : [],
    );
    for (const piece of pieces.slice(0, -1)) expect(piece).toMatch(/\s$|^\S{24}$/);
    expect(pieces.join("")).toBe(answer.content);
  }
});
