/**
 * Goal: whoever reads an answer of a vLLM model gets a whole one, whether the worker or its vLLM is killed: unseen
 * before the first word, and after it by asking again, with what was written kept.
 * Method: two worker processes before servers that speak vLLM's wire and serve one model; the first to be asked
 * stops in the middle until it is killed; pages in a real browser, and the API.
 */
import { expect, type Page, test } from "@playwright/test";
import {
  type OpenAiServer,
  type OpenAiServerOptions,
  startOpenAiServer,
} from "@/lib/stand-ins/openai-server";
import { changeRules, drawOnly } from "./arena-rules";
import { answer, ask, BUNDLED_MODELS, untilVotable, voteButton } from "./pages";
import { type OwnWorker, sharedPlatform, startWorker } from "./platform";

const MODEL = "org/lantern";
const FIRST_WORDS = "Of the river I know";

type Place = { engine: OpenAiServer; worker: OwnWorker };
type Moment = "before-the-first-word" | "after-the-first-words";

/** The next answer stops there, once. */
let stopsAt: Moment | undefined;
const places: Place[] = [];

const isAnswer = ({ body }: { body: unknown }) =>
  JSON.stringify(body ?? {}).includes('"stream":true');
const answersOf = ({ engine }: Place) => engine.asked.filter(isAnswer).length;

const handle: OpenAiServerOptions["handle"] = async ({ asked, openEvents }) => {
  if (stopsAt === undefined || !isAnswer(asked)) return false;
  const moment = stopsAt;
  stopsAt = undefined;
  const events = openEvents();
  if (moment === "before-the-first-word") return true;
  for (const content of FIRST_WORDS.split(/(?= )/)) {
    await events.send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  }
  return true;
};

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

  test(`${what} killed in the middle: the chat keeps the words, and a whole answer comes from the other`, async ({
    page,
  }) => {
    await openChat(page);
    stopsAt = "after-the-first-words";
    await ask(page, "Tell me of the river.");
    const stopped = await untilStopped();
    await expect(answers(page)).toContainText(FIRST_WORDS);
    await kill(stopped);
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
    expect(places.map(answersOf)).toEqual([1, 1]);

    // Both are kept: the whole one is shown after a reload, the other is beside it.
    await page.reload();
    await expect(answers(page).locator(".prose")).toHaveText(whole);
    await page.getByRole("button", { name: "Earlier answer" }).click();
    await expect(answers(page)).toContainText(FIRST_WORDS);
    await expect(answers(page).getByRole("alert")).toBeVisible();
  });

  test(`${what} killed in the middle: a stream of the API ends with an error, and the next call is answered by the other`, async () => {
    const { url } = sharedPlatform();
    const post = (stream: boolean) =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          ...{ model: MODEL, stream },
          messages: [{ role: "user", content: "Tell me of the river." }],
        }),
      });
    stopsAt = "after-the-first-words";
    const broken = await post(true);
    expect(broken.status).toBe(200);
    const stopped = await untilStopped();
    await kill(stopped);
    const text = await broken.text();
    const told = text.split("\n\n").flatMap((it) => (it.startsWith("data: {") ? [it] : []));
    const deltas = told.map((it) => JSON.parse(it.slice("data: ".length)));
    const words = deltas.map((it) => it.choices?.[0]?.delta?.content ?? "").join("");
    expect(FIRST_WORDS.startsWith(words.trimEnd())).toBe(true);
    expect(words).not.toBe("");
    expect(deltas.at(-1)).toMatchObject({ error: { code: "worker_lost" } });
    // A vLLM cannot go on with another's tokens, so nobody says that one did.
    expect(text).not.toContain("parley-resumed");

    const whole = await post(false);
    expect(whole.status).toBe(200);
    expect(whole.headers.get("x-parley-resumed")).toBeNull();
    expect(whole.headers.get("x-parley-worker")).not.toBe(broken.headers.get("x-parley-worker"));
    expect((await whole.json()).choices[0]).toMatchObject({ finish_reason: "stop" });
    expect(places.map(answersOf)).toEqual([1, 1]);
  });
}

test("a battle's side whose worker is killed in the middle is asked again of the other, and the vote counts", async ({
  page,
}) => {
  const before = await changeRules(
    sharedPlatform(),
    drawOnly([MODEL, "pico-s"], [...BUNDLED_MODELS, MODEL]),
  );
  try {
    await page.goto("/");
    stopsAt = "after-the-first-words";
    await ask(page, "Tell me of the river.");
    const { worker } = await untilStopped();
    await worker.kill();
    const again = page.getByRole("button", { name: /^Try [AB] again$/ });
    await expect(again).toBeVisible();
    // Which model it was is not told before the vote, nor why it stopped.
    await expect(page.getByRole("alert").filter({ hasText: /Model [AB]/ })).not.toContainText(
      /lost|lantern/,
    );
    await again.click();
    await untilVotable(page);
    expect(places.map(answersOf)).toEqual([1, 1]);
    await voteButton(page, "Tie").click();
    await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
    const sides = await Promise.all(
      (["A", "B"] as const).map((it) => answer(page, it).innerText()),
    );
    expect(sides.filter((it) => it.includes(MODEL))).toHaveLength(1);
  } finally {
    await changeRules(sharedPlatform(), () => before);
  }
});
