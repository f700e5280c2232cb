/**
 * Goal: a keeper sees a worker come, keeps requests from it, lets it go on and ends it, by the page and by
 * the keyboard alone. Method: a mock worker beside those of the shared platform.
 */
import { expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { type OwnWorker, sharedPlatform, startWorker } from "./platform";

const MODEL = "mock/moderator";
const { url, adminToken } = sharedPlatform();
let worker: OwnWorker;
test.describe.configure({ mode: "serial", timeout: 120_000 });
test.beforeAll(async () => {
  const words = ["--kind", "mock", "--model", MODEL, "--name", "guest"];
  worker = await startWorker(words, sharedPlatform());
});
test.afterAll(() => worker.stop());

async function signIn(page: Page): Promise<void> {
  await page.goto(`${url}/admin/workers`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workers", level: 1 })).toBeVisible();
}

const row = (page: Page) => page.getByRole("row").filter({ hasText: "guest" });

async function isAwake(): Promise<boolean> {
  const { models } = (await (await fetch(`${url}/api/models`)).json()) as {
    models: { name: string; awake: boolean }[];
  };
  return models.some(({ name, awake }) => name === MODEL && awake);
}

test("a worker is drained and resumed by the keyboard", async ({ page }) => {
  await signIn(page);
  await expect(row(page)).toContainText("Ready");
  await row(page).getByRole("button", { name: "Drain guest" }).press("Enter");
  await expect(page.getByText("guest is sent no new requests.")).toBeVisible();
  await expect(row(page)).toContainText("told to take no new requests");
  expect(await isAwake()).toBe(false);
  await row(page).getByRole("button", { name: "Resume guest" }).press("Enter");
  await expect(row(page)).toContainText("Ready");
  expect(await isAwake()).toBe(true);
});

test("the page is usable by everyone, at desk and phone, light and dark", async ({
  browser,
}, info) => {
  for (const { size, viewport, colorScheme } of LOOKS) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const look = (name: string) =>
      expectUsable(page, info.outputPath(`${size}-${colorScheme}-${name}.png`));
    await signIn(page);
    await expect(row(page)).toBeVisible();
    await look("list");
    await page.getByRole("button", { name: "Remove guest" }).click();
    await look("remove");
    await context.close();
  }
});

test("a worker is removed after a question, and its process ends", async ({ page }) => {
  await signIn(page);
  const remove = row(page).getByRole("button", { name: "Remove guest" });
  await remove.click();
  const sheet = page.getByRole("dialog", { name: "Remove guest?" });
  await sheet.getByRole("button", { name: "Keep it" }).click();
  await expect(sheet).toHaveCount(0);
  expect(await isAwake()).toBe(true);
  await remove.click();
  await sheet.getByRole("button", { name: "Remove the worker" }).click();
  await expect(sheet).toHaveCount(0);
  // It hears the order with its next beat.
  await expect(row(page)).toHaveCount(0, { timeout: 15_000 });
  expect(await worker.ended).toBe(0);
});
