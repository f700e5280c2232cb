/**
 * Goal: what happens while two answers are written: leave and come back, stop one, stop both, a side that
 * fails, a server that is away; and that none of it tells which model is the fast one.
 * Method: sentinel models with known paces in a real browser, battles drawn from them alone.
 */
import { expect, type Page, test } from "@playwright/test";
import { changeRules, drawOnly } from "./arena-rules";
import { expectUsable, LOOKS } from "./expect-usable";
import { answer, ask, BUNDLED_MODELS, untilVotable, voteButton } from "./pages";
import { type OwnWorker, sharedPlatform, startMockWorker } from "./platform";

const MODELS = ["mock/slow", "mock/long", "mock/fails-after-3-tokens", "mock/paced"];
const platform = sharedPlatform();
let worker: OwnWorker;
let before: Awaited<ReturnType<typeof changeRules>>;

test.beforeAll(async () => {
  worker = await startMockWorker(MODELS);
  before = await changeRules(platform, (it) => it);
});
test.afterAll(async () => {
  await changeRules(platform, () => before);
  await worker.stop();
});

/** Battles between these two alone, from the moment at which every process has heard of it. */
async function between(...models: string[]): Promise<void> {
  await changeRules(platform, drawOnly(models, [...BUNDLED_MODELS, ...MODELS]));
}

const outcome = (page: Page) => page.getByRole("region", { name: "The outcome", exact: true });
const state = (page: Page, side: "A" | "B") => answer(page, side).locator("header");

const text = (page: Page, side: "A" | "B") => answer(page, side).locator(".prose");

/** Both answers have begun, and neither has ended. */
async function untilRunning(page: Page): Promise<void> {
  for (const side of ["A", "B"] as const) {
    await expect(text(page, side)).toContainText(/\w{3,}|\d \d/);
    await expect(state(page, side)).toContainText("writing");
  }
}

test("a refresh in the middle goes on where it was, loses nothing and tells no name", async ({
  page,
}) => {
  test.setTimeout(120_000);
  await between("mock/slow", "mock/long");
  await page.goto("/");
  await ask(page, "Go on for a while.");
  // Both begin together, though one of them writes twenty times as fast.
  await untilRunning(page);
  const [a, b] = [await text(page, "A").innerText(), await text(page, "B").innerText()];
  await page.reload();
  await expect(text(page, "A")).toContainText(a.trim().slice(0, 5));
  await expect(text(page, "B")).toContainText(b.trim().slice(0, 5));
  for (const model of MODELS) await expect(page.locator("main")).not.toContainText(model);
  // Twenty seconds of numbers, the last of which comes after the reload.
  await expect(page.locator("main")).toContainText(/98 99 100/, { timeout: 60_000 });
  await expect(page.locator("main")).toContainText(/(^|[^\d])1 2 3 4 5 6 7/);
  await untilVotable(page);
  await voteButton(page, "B is better").click();
  await expect(outcome(page)).toContainText("You preferred B");
  await expect(answer(page, "A")).toContainText(/mock\/(slow|long)/);
});

test("one side is stopped, then the other, by mouse and by key, and both can be judged", async ({
  page,
}) => {
  await between("mock/slow", "mock/long");
  await page.goto("/");
  await ask(page, "Go on for a while.");
  await untilRunning(page);
  await expect(voteButton(page, "Tie")).toBeDisabled();
  await answer(page, "A").getByRole("button", { name: "Stop A" }).click();
  await expect(state(page, "A")).toContainText("stopped");
  await page.keyboard.press("f");
  await expect(state(page, "B")).toContainText("stopped");
  await expect.poll(() => worker.running()).toBe(0);
  await untilVotable(page);
  await voteButton(page, "Tie").click();
  await expect(outcome(page)).toContainText("You called it a tie");
});

test("stop ends both at once, also upstream, and another tab follows the same turn", async ({
  page,
  context,
}) => {
  await between("mock/slow", "mock/long");
  await page.goto("/");
  await ask(page, "Go on for a while.");
  await untilRunning(page);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(text(other, "A")).toContainText(/\w{3,}|\d \d/);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect.poll(() => worker.running()).toBe(0);
  for (const tab of [page, other]) {
    await untilVotable(tab);
    for (const side of ["A", "B"] as const) await expect(state(tab, side)).toContainText("stopped");
  }
  await other.close();
});

test("a running battle is usable on each size and in each scheme", async ({ page }, info) => {
  await between("mock/slow", "mock/long");
  await page.goto("/");
  await ask(page, "Go on for a while.");
  await untilRunning(page);
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectUsable(page, info.outputPath(`running-${size}.png`));
  }
});

test("a side that fails says so without a name and can be tried again", async ({ page }, info) => {
  await between("mock/fails-after-3-tokens", "mock/paced");
  await page.goto("/");
  await ask(page, "Say these words again, please.");
  const again = page.getByRole("button", { name: /^Try [AB] again$/ });
  await expect(again).toBeVisible();
  await expect(page.getByRole("region", { name: "Your vote" })).toContainText("did not finish");
  for (const model of MODELS) await expect(page.locator("main")).not.toContainText(model);
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectUsable(page, info.outputPath(`failed-${size}.png`));
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const retried = page.waitForResponse((it) => it.url().endsWith("/answers") && it.ok());
  await page.keyboard.press("t");
  await retried;
  await expect(again).toBeVisible();
});

test("votes close while the server cannot be reached and open again by themselves", async ({
  page,
}) => {
  await between("mock/paced", "mock/long");
  await page.goto("/");
  await ask(page, "Hello there.");
  await untilVotable(page);
  await page.route("**/api/arena", (route) => route.abort());
  const votes = page.getByRole("region", { name: "Your vote" });
  await comeBack(page);
  await expect(votes).toContainText("as soon as the server can be reached");
  await expect(voteButton(page, "Tie")).toBeDisabled();
  await page.unroute("**/api/arena");
  await comeBack(page);
  await untilVotable(page);
});

/** To the tab, upon which pages read anew what may have changed meanwhile, and wait for no next time. */
async function comeBack(page: Page): Promise<void> {
  await page.evaluate(() =>
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true })),
  );
}
