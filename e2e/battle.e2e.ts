/**
 * Goal: the main job works for a stranger: ask, two real models answer blind, vote, names, the board moves.
 * Method: the built product with the bundled models in a real browser, by mouse and by keyboard alone; sentinel
 * models where the moment matters: battles-running.e2e.ts.
 */
import { expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { answer, ask, BUNDLED_MODELS, composer, untilVotable, voteButton } from "./pages";

async function readVotes(page: Page): Promise<number> {
  return (await (await page.request.get("/api/leaderboard")).json()).voteCount;
}

const outcome = (page: Page) => page.getByRole("region", { name: "The outcome", exact: true });
const conversationId = (page: Page) => new URL(page.url()).pathname.split("/").at(-1) ?? "";

test("by mouse: a prompt, two answers, a vote, the names, a reason, and a board that shows it", async ({
  page,
}) => {
  await page.goto("/");
  const before = await readVotes(page);
  await ask(page, "What is the opposite of brave?");
  await untilVotable(page);
  for (const side of ["A", "B"] as const) await expect(answer(page, side)).toContainText(/\w{3,}/);
  for (const model of BUNDLED_MODELS) await expect(page.locator("main")).not.toContainText(model);

  await voteButton(page, "A is better").click();
  await expect(outcome(page)).toContainText("You preferred A");
  const names = [];
  for (const side of ["A", "B"] as const) {
    const text = await answer(page, side).innerText();
    names.push(BUNDLED_MODELS.find((model) => text.includes(model)));
    expect(text).toMatch(/to first token/);
    expect(text).toMatch(/tokens\/s/);
  }
  expect(names[0]).toBeDefined();
  expect(names[1]).toBeDefined();
  expect(names[0]).not.toBe(names[1]);

  const kept = page.waitForResponse((it) => it.request().method() === "PATCH" && it.ok());
  await outcome(page).getByRole("button", { name: "Clear" }).click();
  await kept;
  await page.reload();
  await expect(outcome(page).getByRole("button", { name: "Clear" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );

  await page.goto("/leaderboard");
  await expect.poll(() => readVotes(page)).toBe(before + 1);
  await expect(page.locator("main")).toContainText(`${before + 1} vote`);
  // The public board's row; the visitor's own board names the model as well.
  await expect(page.getByRole("button", { name: `More about ${names[0]}` })).toBeVisible();
});

test("by keyboard alone: ask, follow up, vote, say why, start anew; keys sleep while one types", async ({
  page,
}) => {
  await page.goto("/");
  const { keyboard } = page;
  // Heard as soon as the page is alive.
  await expect(async () => {
    await keyboard.press("/");
    await expect(composer(page)).toBeFocused({ timeout: 200 });
  }).toPass();
  await keyboard.type("Count from 1 to 4.");
  await keyboard.press("Enter");
  // The first question of a visitor asks for their consent.
  await expect(page.getByRole("button", { name: "Agree and ask" })).toBeFocused();
  await keyboard.press("Enter");
  await untilVotable(page);

  // Typed digits are text, not votes.
  await keyboard.press("/");
  await keyboard.type("3");
  await expect(composer(page)).toHaveValue("3");
  await expect(outcome(page)).toHaveCount(0);
  await keyboard.press("Backspace");
  await keyboard.type("What is 2 + 3?");
  await keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Question 2", exact: true })).toBeVisible();
  await untilVotable(page);
  await keyboard.press("3");
  await expect(outcome(page)).toContainText(/tie/i);
  await keyboard.press("w");
  const reason = page.getByRole("button", { name: "Correct" });
  await expect(reason).toBeFocused();
  await keyboard.press("Space");
  await expect(reason).toHaveAttribute("aria-pressed", "true");
  await keyboard.press("n");
  await expect(page.getByRole("heading", { name: /Ask once/ })).toBeVisible();
  await expect(composer(page)).toBeFocused();
  await keyboard.press("Escape");
  await keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  for (const action of ["A is better", "Stop A", "Copy B", "Share", "Say why", "New answers"]) {
    await expect(sheet).toContainText(action);
  }

  // Single letters can be switched off, which this browser remembers.
  await keyboard.press("Tab");
  await expect(sheet.getByRole("checkbox")).toBeFocused();
  await keyboard.press("Space");
  await keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("list", { name: "Examples" })).toBeVisible();
  await keyboard.press("/");
  await keyboard.press("?");
  await expect(composer(page)).not.toBeFocused();
  await expect(sheet).toHaveCount(0);
});

test("any turn can be judged; the battle goes on after the reveal, and its later votes do not count", async ({
  page,
}) => {
  await page.goto("/");
  const before = await readVotes(page);
  await ask(page, "What is the capital of Japan?");
  await untilVotable(page);
  await ask(page, "What is 4 + 5?");
  await expect(page.getByRole("region", { name: "Question 2", exact: true })).toBeVisible();
  await untilVotable(page);
  const first = page.getByRole("region", { name: "Your vote on question 1" });
  await first.getByRole("button", { name: "B is better" }).click();
  await expect(page.getByRole("region", { name: "Question 1", exact: true })).toContainText(
    "You preferred B.",
  );
  await expect(answer(page, "A")).toContainText(/pico-[sml]/);
  const battle = page.url();

  await ask(page, "Tell me about a penguin.");
  await expect(page.getByRole("region", { name: "Question 3", exact: true })).toBeVisible();
  expect(page.url()).toBe(battle);
  await untilVotable(page);
  await expect(page.getByRole("region", { name: "Your vote", exact: true })).toContainText(
    "not counted",
  );
  await voteButton(page, "Tie").click();
  await expect(outcome(page)).toContainText("kept and not counted");
  await expect.poll(() => readVotes(page)).toBe(before + 1);
  const stored = await (
    await page.request.get(`/api/conversations/${conversationId(page)}`)
  ).json();
  expect(stored.votes.map((it: { blind: boolean }) => it.blind)).toEqual([true, false]);
});

test("a double click and a replayed request are one vote", async ({ page }) => {
  await page.goto("/");
  const before = await readVotes(page);
  await ask(page, "What is 6 + 7?");
  await untilVotable(page);
  const votes: string[] = [];
  page.on("request", (it) => {
    if (it.url().endsWith("/vote")) votes.push(it.postData() ?? "");
  });
  await voteButton(page, "B is better").dblclick();
  await expect(outcome(page)).toContainText("You preferred B");
  expect(votes).toHaveLength(1);
  const again = (data: unknown) =>
    page.request.post(`/api/conversations/${conversationId(page)}/vote`, {
      data,
      headers: { origin: new URL(page.url()).origin },
    });
  const body = JSON.parse(votes[0] ?? "{}");
  const replays = await Promise.all(Array.from({ length: 5 }, () => again(body)));
  expect(replays.map((it) => it.status())).toEqual([200, 200, 200, 200, 200]);
  expect((await again({ ...body, outcome: "a" })).status()).toBe(409);
  await expect.poll(() => readVotes(page)).toBe(before + 1);
});

test("new answers come from the same models, and the vote is on them", async ({ page }) => {
  await page.goto("/");
  await ask(page, "Tell me a story about a fox.");
  await untilVotable(page);
  // Not by what is busy: short answers are there before anybody has looked.
  const written = page.waitForResponse((it) => it.url().endsWith("/answers"));
  await page.getByRole("button", { name: "New answers" }).click();
  expect((await written).status()).toBe(200);
  await untilVotable(page);
  await voteButton(page, "Tie").click();
  await expect(outcome(page)).toContainText("You called it a tie");
  await expect(page.getByRole("button", { name: "New answers" })).toHaveCount(0);
});

test("a battle after its vote is usable on each size and in each scheme", async ({
  page,
}, info) => {
  await page.goto("/");
  await ask(page, "What is the opposite of cold?");
  await untilVotable(page);
  await voteButton(page, "A is better").click();
  await expect(outcome(page)).toBeVisible();
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectUsable(page, info.outputPath(`revealed-${size}.png`));
    await outcome(page).getByRole("button", { name: "Share" }).focus();
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
    await expectUsable(page, info.outputPath(`keys-${size}.png`));
    await page.keyboard.press("Escape");
  }
});

test("a battle survives a reload, blind before the vote and named after it", async ({ page }) => {
  await page.goto("/");
  await ask(page, "What is the capital of Japan?");
  await untilVotable(page);
  const text = await answer(page, "A").innerText();
  await expect(page).toHaveURL(/\/battle\/[0-9a-f-]{36}$/);
  await page.reload();
  await untilVotable(page);
  expect(await answer(page, "A").innerText()).toBe(text);
  await voteButton(page, "Both bad").click();
  await expect(outcome(page)).toBeVisible();
  await page.reload();
  await expect(answer(page, "A")).toContainText(/pico-[sml]/);
});

test("another visitor finds no battle there", async ({ page, browser }) => {
  await page.goto("/");
  await ask(page, "Hello.");
  await untilVotable(page);
  const stranger = await browser.newContext();
  const response = await stranger.request.get(`/api/conversations/${conversationId(page)}`);
  expect(response.status()).toBe(404);
  await stranger.close();
});

test("nothing a browser receives before the vote names a model, a build or a worker", async ({
  page,
  request,
  playwright,
}) => {
  const models = (await (await request.get("/v1/models")).json()).data as {
    id: string;
    alias_of?: string[];
  }[];
  const ids = models.filter((model) => model.alias_of === undefined).map((model) => model.id);
  expect(ids.sort()).toEqual(BUNDLED_MODELS);
  const shared = JSON.parse(process.env.E2E_PLATFORM ?? "{}");
  const keeper = await playwright.request.newContext({ baseURL: shared.url });
  await keeper.post("/api/session", {
    data: { token: shared.adminToken },
    headers: { origin: shared.url },
  });
  const { workers } = await (await keeper.get("/api/admin/workers")).json();
  expect(workers.length).toBeGreaterThanOrEqual(BUNDLED_MODELS.length);
  type Worker = { id: string; name: string; address: string; models: { build: string }[] };
  const secrets = [
    ...BUNDLED_MODELS,
    ...workers.flatMap((worker: Worker) => [
      ...[worker.id, worker.address, new URL(worker.address).port],
      ...worker.models.flatMap((model) => [model.build, model.build.slice(0, 12)]),
    ]),
  ];

  const received: { url: string; text: string }[] = [];
  const reading: Promise<void>[] = [];
  page.on("response", (response) => {
    reading.push(
      (async () => {
        const headers = JSON.stringify(await response.allHeaders());
        const body = await response.body().catch(() => Buffer.alloc(0));
        // What the server sends of itself: programs and fonts are the same for everyone.
        const isStatic = response.url().includes("/_next/static/");
        received.push({
          url: response.url(),
          text: headers + (isStatic ? "" : body.toString("latin1")),
        });
      })(),
    );
  });
  await page.goto("/");
  await ask(page, "Tell me a story about a fox.");
  await untilVotable(page);
  await page.reload();
  await untilVotable(page);
  await page.waitForLoadState("networkidle");
  await Promise.all(reading);

  expect(received.some(({ url }) => url.endsWith("/api/conversations"))).toBe(true);
  expect(received.some(({ url }) => url.includes("/battle/"))).toBe(true);
  for (const { url, text } of received) {
    // A port is five digits, which an id may hold by chance: it only counts as one of an address.
    const found = secrets.filter((secret) =>
      /^\d+$/.test(secret)
        ? text.includes(`:${secret}/`) || text.includes(`:${secret}"`)
        : text.includes(secret),
    );
    expect(found, url).toEqual([]);
  }
  expect(received.map(({ url }) => new URL(url).pathname)).not.toContain("/models");
  expect(received.map(({ url }) => new URL(url).pathname)).not.toContain("/leaderboard");
  await keeper.dispose();
});
