/**
 * Goal: an operator enters a provider's key and a model on the page, and the model answers visitors, with no
 * other command; what is entered is read back nowhere, and the worker comes and goes with the models.
 * Method: the built product started as anybody starts it, before a server that speaks Anthropic's wire; the page
 * by role and label, everything that the browser receives read, files and processes looked at.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { startAnthropicServer } from "@/lib/stand-ins/anthropic-server";
import type { StandIn } from "@/lib/stand-ins/stand-in-server";
import { expectUsable, LOOKS } from "./expect-usable";
import { ask } from "./pages";
import { type Platform, startPlatform } from "./platform";

const UPSTREAM = "claude-sonnet-4-5";
const KEY = "sk-ant-quixotic-marmalade";
const WRONG_KEY = "sk-ant-mistaken-marmalade";
const WORKER = "worker external";

let platform: Platform;
let provider: StandIn;
test.describe.configure({ mode: "serial", timeout: 120_000 });
test.beforeAll(async () => {
  test.setTimeout(200_000);
  provider = await startAnthropicServer({ models: [UPSTREAM], key: KEY });
  platform = await startPlatform();
});
test.afterAll(async () => {
  await platform?.stop();
  await provider?.close();
});

async function signIn(page: Page): Promise<void> {
  await page.goto(`${platform.url}/admin/providers`);
  await page.getByLabel("Token").fill(platform.adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Providers" }).click();
  await expect(page.getByRole("heading", { name: "Providers", level: 1 })).toBeVisible();
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

/** All that the browser is told, from here on. */
function readAll(page: Page): { all: string[]; settled(): Promise<unknown> } {
  const all: string[] = [];
  const reading: Promise<void>[] = [];
  page.on("response", (response) => {
    const read = async () => {
      const body = await response.body().catch(() => Buffer.alloc(0));
      all.push(JSON.stringify(await response.allHeaders()) + body.toString("latin1"));
    };
    reading.push(read());
  });
  return { all, settled: () => Promise.all(reading) };
}

test("a key and a model that are entered on the page answer in a chat", async ({ page }) => {
  const { all, settled } = readAll(page);
  await signIn(page);
  await expect(page.getByText("There is none yet. Add one here")).toBeVisible();
  expect(platform.children()).not.toHaveProperty(WORKER);

  await page.getByRole("button", { name: "Add a key" }).click();
  const keySheet = page.getByRole("dialog", { name: "Add a key" });
  await keySheet.getByLabel("Name").fill("House account");
  await keySheet.getByLabel("Provider").selectOption("anthropic");
  await keySheet.getByLabel("Key", { exact: true }).fill(WRONG_KEY);
  await keySheet.getByRole("button", { name: "Keep the key" }).click();
  await expect(keySheet).toHaveCount(0);
  await expect(row(page, "House account")).toContainText("No model");

  await page.getByRole("button", { name: "Add a model" }).click();
  const sheet = page.getByRole("dialog", { name: "Add a model" });
  await sheet.getByLabel("Provider", { exact: true }).selectOption("bedrock");
  await expect(sheet.getByLabel("Region")).toBeVisible();
  await expect(sheet.getByLabel("Project")).toHaveCount(0);
  await sheet.getByLabel("Provider", { exact: true }).selectOption("anthropic");
  await expect(sheet.getByLabel("Region")).toHaveCount(0);
  await sheet.getByLabel("Model id").fill(UPSTREAM);
  await sheet.getByLabel("Name").fill("lantern");
  await sheet.getByLabel("Key", { exact: true }).selectOption({ label: "House account" });
  await sheet.getByLabel("Base URL").fill("ftp://nowhere");
  await sheet.getByLabel("Context, in tokens").fill("8192");
  await sheet.getByLabel("Prompt", { exact: true }).fill("3");
  await sheet.getByLabel("Answer", { exact: true }).fill("15");
  await sheet.getByRole("button", { name: "Add the model" }).click();
  await expect(sheet.getByLabel("Base URL")).toHaveAttribute("aria-invalid", "true");
  // Once, at its field, in people's words; and whoever has no pointer is there already.
  await expect(
    sheet.getByText("It must be a URL that begins with https:// or http://."),
  ).toHaveCount(1);
  await expect(sheet.getByLabel("Base URL")).toBeFocused();
  await sheet.getByLabel("Base URL").fill(`${provider.url}/v1`);
  await sheet.getByRole("button", { name: "Add the model" }).click();
  await expect(sheet).toHaveCount(0);

  // Nobody starts its worker but the platform itself.
  await expect(row(page, "lantern").first()).toContainText("Offered", { timeout: 60_000 });
  expect(platform.children()[WORKER]).toBeGreaterThan(0);

  await page.getByRole("button", { name: "Try lantern" }).click();
  const trial = page.getByRole("dialog", { name: "Try lantern" });
  await expect(trial.getByText(/refuses the key \(status 401\)/)).toBeVisible();
  await trial.getByRole("button", { name: "Close", exact: true }).last().click();
  await expect(row(page, "lantern").first()).toContainText("Refused by provider");

  await page.getByRole("button", { name: "Replace House account" }).click();
  const replacing = page.getByRole("dialog", { name: "Replace House account" });
  await replacing.getByLabel("Key", { exact: true }).fill(KEY);
  await replacing.getByRole("button", { name: "Replace the key" }).click();
  await expect(replacing).toHaveCount(0);
  await expect(row(page, "lantern").first()).toContainText("Offered");
  await expect(async () => {
    await page.getByRole("button", { name: "Try lantern" }).click();
    const answered = trial.getByText(/\d s$/);
    await expect(answered.or(trial.getByRole("alert"))).toBeVisible();
    const isAnswered = await answered.isVisible();
    await page.keyboard.press("Escape");
    expect(isAnswered).toBe(true);
  }).toPass();

  await page.goto(`${platform.url}/chat?model=lantern`);
  await ask(page, "What is the capital of Japan?");
  await expect(page.getByRole("article", { name: "Answer" })).toContainText(/\w{3,}/);
  await expect
    .poll(() => JSON.stringify(provider.asked.at(-1)?.body))
    .toContain("capital of Japan");
  expect(provider.asked.at(-1)?.headers["x-api-key"]).toBe(KEY);

  await page.waitForLoadState("networkidle");
  await settled();
  expect(all.some((it) => it.includes("House account"))).toBe(true);
  for (const text of all) expect(text).not.toContain("marmalade");
});

test("a key is in no file of the platform, and is not deleted while a model uses it", async ({
  page,
}) => {
  const logs = join(platform.dataDir, "logs");
  for (const name of readdirSync(logs)) {
    expect(readFileSync(join(logs, name), "utf8")).not.toContain("marmalade");
  }
  expect(platform.output()).not.toContain("marmalade");
  await signIn(page);
  await page.getByRole("button", { name: "Delete House account" }).click();
  const question = page.getByRole("dialog", { name: "Delete House account?" });
  await expect(question).toContainText("It is used by lantern");
  await expect(question.getByRole("button", { name: "Delete the key" })).toHaveCount(0);
});

test("the worker goes with the last model and comes with the next", async ({ page }) => {
  await signIn(page);
  await page.getByRole("button", { name: "Switch lantern off" }).click();
  await expect(row(page, "lantern").first()).toContainText("Switched off");
  await expect.poll(() => platform.children()[WORKER], { timeout: 30_000 }).toBeUndefined();
  await page.getByRole("button", { name: "Switch lantern on" }).click();
  await expect(row(page, "lantern").first()).toContainText("Offered", { timeout: 60_000 });

  // One that dies is started again.
  const pid = platform.children()[WORKER] ?? 0;
  process.kill(pid, "SIGKILL");
  await expect.poll(() => platform.children()[WORKER] ?? pid, { timeout: 30_000 }).not.toBe(pid);
  await expect(row(page, "lantern").first()).toContainText("Offered", { timeout: 60_000 });
});

test("by the keyboard, the focus stays near what was changed, refused or deleted", async ({
  page,
}) => {
  await signIn(page);
  await page.getByRole("button", { name: "Add a key" }).press("Enter");
  const sheet = page.getByRole("dialog", { name: "Add a key" });
  await sheet.getByLabel("Name").fill("Spare");
  await sheet.getByLabel("Key", { exact: true }).fill("sk with blanks");
  await sheet.getByRole("button", { name: "Keep the key" }).press("Enter");
  await expect(sheet.getByLabel("Key", { exact: true })).toBeFocused();
  await expect(sheet.getByRole("alert").filter({ hasText: /^It holds a space/ })).toBeVisible();
  await sheet.getByLabel("Key", { exact: true }).fill("sk-spare");
  await sheet.getByLabel("Key", { exact: true }).press("Enter");
  await expect(sheet).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Add a key" })).toBeFocused();

  await page.getByRole("button", { name: "Delete Spare" }).press("Enter");
  const question = page.getByRole("dialog", { name: "Delete Spare?" });
  await question.getByRole("button", { name: "Delete the key" }).press("Enter");
  await expect(row(page, "Spare")).toHaveCount(0);
  await expect(page.getByRole("region", { name: /^Keys, scrolls/ })).toBeFocused();
});

test("the page is usable by everyone, at desk and phone, light and dark", async ({
  browser,
}, info) => {
  // Twelve pictures, each looked at by axe.
  test.setTimeout(240_000);
  for (const { size, viewport, colorScheme } of LOOKS) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const look = (name: string) =>
      expectUsable(page, info.outputPath(`${size}-${colorScheme}-${name}.png`));
    const close = async () => {
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toHaveCount(0);
    };
    await signIn(page);
    await expect(row(page, "lantern").first()).toBeVisible();
    await look("list");
    await page.getByRole("button", { name: "Add a key" }).click();
    await look("key");
    await close();
    await page.getByRole("button", { name: "Edit lantern" }).click();
    const sheet = page.getByRole("dialog", { name: "Edit lantern" });
    await expect(sheet.getByLabel("Model id")).toHaveValue(UPSTREAM);
    await look("model");
    await sheet.getByText("Parameters, system prompt").click();
    await sheet.getByRole("button", { name: "Save" }).scrollIntoViewIfNeeded();
    await look("model-further");
    await close();
    await page.getByRole("button", { name: "Try lantern" }).click();
    await expect(page.getByText(/\d s$/)).toBeVisible();
    await look("try");
    await close();
    await page.getByRole("button", { name: "Delete lantern" }).click();
    await look("delete");
    await close();
    await context.close();
  }
});
