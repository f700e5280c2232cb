/**
 * Goal: the main job works for a stranger: ask, two real models answer blind, vote, names, the board moves.
 * Method: the built product with the bundled models in a real browser, by mouse and by keyboard alone.
 */
import { expect, type Page, test } from "@playwright/test";
import { answer, ask, BUNDLED_MODELS, leaveFields, untilVotable, voteButton } from "./pages";

async function readVotes(page: Page): Promise<number> {
  return (await (await page.request.get("/api/leaderboard")).json()).voteCount;
}

test("by mouse: a prompt, two answers, a vote, the names, and a board that shows it", async ({
  page,
}) => {
  await page.goto("/");
  const before = await readVotes(page);
  await ask(page, "What is the opposite of brave?");
  await untilVotable(page);
  for (const side of ["A", "B"] as const) await expect(answer(page, side)).toContainText(/\w{3,}/);
  for (const model of BUNDLED_MODELS) await expect(page.locator("main")).not.toContainText(model);

  await voteButton(page, "A is better").click();
  await expect(page.getByRole("region", { name: "The outcome" })).toContainText("You preferred A");
  const names = [];
  for (const side of ["A", "B"] as const) {
    const text = await answer(page, side).innerText();
    names.push(BUNDLED_MODELS.find((model) => text.includes(model)));
    expect(text).toMatch(/tokens\/s/);
  }
  expect(names[0]).toBeDefined();
  expect(names[1]).toBeDefined();
  expect(names[0]).not.toBe(names[1]);

  await page.goto("/leaderboard");
  await expect.poll(() => readVotes(page)).toBe(before + 1);
  await expect(page.locator("main")).toContainText(`${before + 1} vote`);
  await expect(page.getByRole("row").filter({ hasText: String(names[0]) })).toBeVisible();
});

test("by keyboard alone: ask, follow up, vote, start anew; keys sleep while one types", async ({
  page,
}) => {
  await page.goto("/");
  await page.keyboard.press("Tab");
  await page.getByRole("textbox").focus();
  await page.keyboard.type("Count from 1 to 4.");
  await page.keyboard.press("Enter");
  await untilVotable(page);

  // Typed digits are text, not votes.
  await page.getByRole("textbox").focus();
  await page.keyboard.type("3");
  await expect(page.getByRole("textbox")).toHaveValue("3");
  await expect(page.getByRole("region", { name: "The outcome" })).toHaveCount(0);
  await page.getByRole("textbox").fill("");
  await leaveFields(page);

  await ask(page, "What is 2 + 3?");
  await expect(page.getByRole("region", { name: "Question 2" })).toBeVisible();
  await untilVotable(page);
  await leaveFields(page);
  await page.keyboard.press("3");
  await expect(page.getByRole("region", { name: "The outcome" })).toContainText(/tie/i);
  await page.keyboard.press("n");
  await expect(page.getByRole("heading", { name: /Ask once/ })).toBeVisible();
  await leaveFields(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toContainText("A is better");
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
  await expect(page.getByRole("region", { name: "The outcome" })).toBeVisible();
  await page.reload();
  await expect(answer(page, "A")).toContainText(/pico-[sml]/);
});

test("another visitor finds no battle there", async ({ page, browser }) => {
  await page.goto("/");
  await ask(page, "Hello.");
  await untilVotable(page);
  const stranger = await browser.newContext();
  const address = page.url();
  const response = await stranger.request.get(
    `/api${new URL(address).pathname.replace("battle", "battles")}`,
  );
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

  expect(received.some(({ url }) => url.endsWith("/api/battles"))).toBe(true);
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
