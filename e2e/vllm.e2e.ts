/**
 * Goal: whoever reads an answer of a vLLM model gets a whole one, whether the worker or its vLLM is killed: unseen
 * before the first word and after it, where another worker can go on; else by asking again, with what was
 * written kept.
 * Method: two worker processes before servers that speak vLLM's wire and serve one model; the first to be asked
 * stops in the middle until it is killed; pages in a real browser, and the API.
 */
import { expect, type Page, test } from "@playwright/test";
import {
  type OpenAiServer,
  type OpenAiServerOptions,
  startOpenAiServer,
} from "@/lib/stand-ins/openai-server";
import { idOf } from "@/lib/stand-ins/stand-in-model";
import { changeRules, drawOnly } from "./arena-rules";
import { answer, ask, BUNDLED_MODELS, untilVotable, voteButton } from "./pages";
import { type OwnWorker, sharedPlatform, startWorker } from "./platform";

const MODEL = "org/lantern";
const FIRST_WORDS = "Of the river I know";

type Place = { engine: OpenAiServer; worker: OwnWorker };
type Moment = "before-the-first-word" | "after-the-first-words";

/** The next answer stops there, once. */
let stopsAt: Moment | undefined;
/** Requests that the servers refuse from now on. */
let refuses: ((asked: { path: string }) => boolean) | undefined;
const places: Place[] = [];

const isAnswer = ({ body }: { body: unknown }) =>
  JSON.stringify(body ?? {}).includes('"stream":true');
const answersOf = ({ engine }: Place) => engine.asked.filter(isAnswer).length;

const handle: OpenAiServerOptions["handle"] = async ({ asked, openEvents, sendJson }) => {
  if (refuses?.(asked)) {
    const message = "It is not taken any more.";
    sendJson({ error: { message, type: "BadRequestError", param: null, code: 400 } }, 400);
    return true;
  }
  if (stopsAt === undefined || !isAnswer(asked)) return false;
  const moment = stopsAt;
  stopsAt = undefined;
  const events = openEvents();
  if (moment === "before-the-first-word") return true;
  const isNamed = JSON.stringify(asked.body).includes('"return_token_ids":true');
  for (const [index, content] of FIRST_WORDS.split(/(?= )/).entries()) {
    const ids = isNamed ? { token_ids: [idOf(content)] } : {};
    await events.send({
      choices: [{ index: 0, delta: { content }, finish_reason: null, ...ids }],
      usage: { prompt_tokens: 9, completion_tokens: index + 1 },
    });
  }
  return true;
};

/** What the other one was asked to go on with: the tokens of the first words are the last of its prompt. */
function expectWentOn({ engine }: Place): void {
  const rest = engine.asked.filter(isAnswer);
  expect(rest.map(({ path }) => path)).toEqual(["/v1/completions"]);
  const { prompt = [] } = (rest[0]?.body ?? {}) as { prompt?: number[] };
  const words = FIRST_WORDS.split(/(?= )/).map(idOf);
  expect(prompt.slice(-words.length)).toEqual(words);
}

test.describe.configure({ timeout: 120_000 });
test.beforeEach(async () => {
  const models = [{ id: MODEL, contextLength: 2_048, kind: "chat" as const }];
  for (let index = 0; index < 2; index++) {
    const engine = await startOpenAiServer({ guise: "vllm", models, handle });
    const words = ["--backend", "vllm", "--base-url", engine.url];
    places.push({ engine, worker: await startWorker(words, sharedPlatform()) });
  }
});
test.afterEach(async () => {
  for (const { engine, worker } of places.splice(0)) {
    await worker.stop();
    await engine.close();
  }
  stopsAt = undefined;
  refuses = undefined;
});

/** The one that has the answer which stopped. */
async function untilStopped(): Promise<Place> {
  const asked = () => places.filter((it) => answersOf(it) > 0);
  await expect.poll(() => asked().length).toBe(1);
  const [stopped] = asked();
  if (stopped === undefined) throw new Error("No worker was asked.");
  return stopped;
}

const DEATHS = [
  { what: "the worker", kill: ({ worker }: Place) => worker.kill() },
  { what: "vLLM", kill: ({ engine }: Place) => engine.close() },
];

const answers = (page: Page) => page.getByRole("article", { name: "Answer" });
const openChat = (page: Page) => page.goto(`/chat?model=${encodeURIComponent(MODEL)}`);

for (const { what, kill } of DEATHS) {
  test(`${what} killed before the first word: the chat's answer comes whole from the other`, async ({
    page,
  }) => {
    await openChat(page);
    stopsAt = "before-the-first-word";
    await ask(page, "Tell me of the river.");
    const stopped = await untilStopped();
    await kill(stopped);
    await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
    expect((await answers(page).locator(".prose").innerText()).split(" ").length).toBeGreaterThan(
      20,
    );
    await expect(answers(page).getByRole("alert")).toHaveCount(0);
    expect(places.map(answersOf)).toEqual([1, 1]);
  });

  test(`${what} killed in the middle: the chat's answer goes on at the other`, async ({ page }) => {
    await openChat(page);
    stopsAt = "after-the-first-words";
    await ask(page, "Tell me of the river.");
    const stopped = await untilStopped();
    await expect(answers(page)).toContainText(FIRST_WORDS);
    await kill(stopped);
    await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
    await expect(answers(page).getByRole("alert")).toHaveCount(0);
    const whole = await answers(page).locator(".prose").innerText();
    expect(whole.startsWith(`${FIRST_WORDS} `)).toBe(true);
    expect(whole.split(" ").length).toBeGreaterThan(20);
    expect(places.map(answersOf)).toEqual([1, 1]);
    for (const other of places.filter((it) => it !== stopped)) expectWentOn(other);

    await page.reload();
    await expect(answers(page).locator(".prose")).toHaveText(whole);
    await expect(page.getByRole("button", { name: "Earlier answer" })).toHaveCount(0);
  });

  test(`${what} killed in the middle: a stream of the API goes on at the other, and says so`, async () => {
    stopsAt = "after-the-first-words";
    const answering = await post({ stream: true });
    expect(answering.status).toBe(200);
    const stopped = await untilStopped();
    await kill(stopped);
    const { text, words, deltas } = readStream(await answering.text());
    expect(words.startsWith(`${FIRST_WORDS} `)).toBe(true);
    expect(words.split(" ").length).toBeGreaterThan(20);
    expect(deltas.at(-1)).toMatchObject({ choices: [{ finish_reason: "stop" }] });
    expect(text.match(/^: parley-resumed after=\d+$/gm)).toEqual([": parley-resumed after=5"]);
    expect(text).toContain("data: [DONE]");
    for (const other of places.filter((it) => it !== stopped)) expectWentOn(other);
  });

  test(`${what} killed in the middle: with a seed the stream ends with an error, and the next call is answered by the other`, async () => {
    stopsAt = "after-the-first-words";
    const broken = await post({ stream: true, seed: 7 });
    expect(broken.status).toBe(200);
    const stopped = await untilStopped();
    await kill(stopped);
    const { text, words, deltas } = readStream(await broken.text());
    expect(FIRST_WORDS.startsWith(words.trimEnd())).toBe(true);
    expect(words).not.toBe("");
    expect(deltas.at(-1)).toMatchObject({ error: { code: "worker_lost" } });
    // Nobody has the state that the seed had come to, so nobody says that it went on.
    expect(text).not.toContain("parley-resumed");

    const whole = await post({ stream: false, seed: 7 });
    expect(whole.status).toBe(200);
    expect(whole.headers.get("x-parley-resumed")).toBeNull();
    expect(whole.headers.get("x-parley-worker")).not.toBe(broken.headers.get("x-parley-worker"));
    expect((await whole.json()).choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(places.map(answersOf)).toEqual([1, 1]);
  });
}

/** What goes on after tokens. */
const isRest = ({ path }: { path: string }) => path === "/v1/completions";

test("where the other worker cannot go on the chat keeps the words, and a whole answer comes from it when asked again", async ({
  page,
}) => {
  refuses = isRest;
  await openChat(page);
  stopsAt = "after-the-first-words";
  await ask(page, "Tell me of the river.");
  const { worker } = await untilStopped();
  await expect(answers(page)).toContainText(FIRST_WORDS);
  await worker.kill();
  const broken = answers(page).getByRole("alert");
  await expect(broken).toContainText("lost");
  await expect(broken).toContainText("what was written are kept");
  await expect(answers(page)).toContainText(FIRST_WORDS);

  await broken.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("2/2")).toBeVisible();
  await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
  await expect(broken).toHaveCount(0);
  const whole = await answers(page).locator(".prose").innerText();
  expect(whole.split(" ").length).toBeGreaterThan(20);

  // Both are kept: the whole one is shown after a reload, the other is beside it.
  await page.reload();
  await expect(answers(page).locator(".prose")).toHaveText(whole);
  await page.getByRole("button", { name: "Earlier answer" }).click();
  await expect(answers(page)).toContainText(FIRST_WORDS);
  await expect(answers(page).getByRole("alert")).toBeVisible();
});

/** A battle of it against another model, until its side has stopped and its worker was killed. */
async function breakBattle(page: Page): Promise<void> {
  await page.goto("/");
  stopsAt = "after-the-first-words";
  await ask(page, "Tell me of the river.");
  const { worker } = await untilStopped();
  await worker.kill();
}

async function inBattlesOfIt(run: () => Promise<void>): Promise<void> {
  const before = await changeRules(
    sharedPlatform(),
    drawOnly([MODEL, "pico-s"], [...BUNDLED_MODELS, MODEL]),
  );
  try {
    await run();
  } finally {
    await changeRules(sharedPlatform(), () => before);
  }
}

async function voteAndFind(page: Page): Promise<string> {
  await voteButton(page, "Tie").click();
  await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
  const sides = await Promise.all((["A", "B"] as const).map((it) => answer(page, it).innerText()));
  const own = sides.filter((it) => it.includes(MODEL));
  expect(own).toHaveLength(1);
  return own[0] ?? "";
}

test("a battle's side whose worker is killed in the middle goes on at the other, and the vote counts", async ({
  page,
}) => {
  await inBattlesOfIt(async () => {
    await breakBattle(page);
    await untilVotable(page);
    await expect(page.getByRole("button", { name: /^Try [AB] again$/ })).toHaveCount(0);
    expect(places.map(answersOf)).toEqual([1, 1]);
    expect(await voteAndFind(page)).toContain(FIRST_WORDS);
  });
});

test("a battle's side with which the other cannot go on is asked again of it, and the vote counts", async ({
  page,
}) => {
  refuses = isRest;
  await inBattlesOfIt(async () => {
    await breakBattle(page);
    const again = page.getByRole("button", { name: /^Try [AB] again$/ });
    await expect(again).toBeVisible();
    // Which model it was is not told before the vote, nor why it stopped.
    await expect(page.getByRole("alert").filter({ hasText: /Model [AB]/ })).not.toContainText(
      /lost|lantern/,
    );
    await again.click();
    await untilVotable(page);
    await voteAndFind(page);
  });
});

function post(changes: object): Promise<Response> {
  return fetch(`${sharedPlatform().url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...{ model: MODEL, ...changes },
      messages: [{ role: "user", content: "Tell me of the river." }],
    }),
  });
}

function readStream(text: string) {
  const told = text.split("\n").flatMap((it) => (it.startsWith("data: {") ? [it] : []));
  const deltas = told.map((it) => JSON.parse(it.slice("data: ".length)));
  const words = deltas.map((it) => it.choices?.[0]?.delta?.content ?? "").join("");
  return { text, words, deltas };
}
