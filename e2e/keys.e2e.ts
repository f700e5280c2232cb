/**
 * Goal: a keeper makes a key on the page, a program uses it, and a revocation ends that. Method: a platform
 * of the test's own, since the first key shuts the API for good; the page by role and label.
 */
import { expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { type Platform, startPlatform } from "./platform";

let platform: Platform;
test.describe.configure({ mode: "serial", timeout: 120_000 });
test.beforeAll(async () => {
  test.setTimeout(200_000);
  platform = await startPlatform();
});
test.afterAll(() => platform.stop());

async function chat(key?: string): Promise<number> {
  const reply = await fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ model: "pico-s", messages: [{ role: "user", content: "Hello." }] }),
  });
  await reply.text();
  return reply.status;
}

async function signIn(page: Page): Promise<void> {
  await page.goto(`${platform.url}/admin/keys`);
  await page.getByLabel("Token").fill(platform.adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Keys" }).click();
  await expect(page.getByRole("heading", { name: "Keys", level: 1 })).toBeVisible();
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

async function makeKey(page: Page, name: string): Promise<string> {
  await page.getByRole("button", { name: "New key" }).click();
  const sheet = page.getByRole("dialog", { name: "New key" });
  await sheet.getByLabel("Name").fill(name);
  await sheet.getByLabel("Requests a minute").fill("60");
  await sheet.getByRole("button", { name: "Make the key" }).click();
  const made = page.getByRole("dialog", { name: "Your new key" });
  await expect(made).toContainText("the only time that it is shown");
  const key = await made.getByText(/^pk-parley-/).innerText();
  await made.getByRole("button", { name: "I have kept it" }).click();
  await expect(made).toHaveCount(0);
  return key;
}

test("a key is made, needed, used, edited and revoked", async ({ page }) => {
  expect(await chat()).toBe(200);
  await signIn(page);
  await expect(page.getByText("No key was ever made")).toBeVisible();

  const key = await makeKey(page, "my program");
  expect(key).toMatch(/^pk-parley-[A-Za-z0-9]{43}$/);
  await expect(row(page, "my program")).toContainText("60 requests a minute");
  expect(await page.content()).not.toContain(key);
  expect(await chat()).toBe(401);
  expect(await chat("pk-parley-wrong")).toBe(401);
  expect(await chat(key)).toBe(200);

  await page.getByRole("button", { name: "Edit my program" }).click();
  const sheet = page.getByRole("dialog", { name: "Edit my program" });
  await expect(sheet.getByLabel("Requests a minute")).toHaveValue("60");
  await sheet.getByRole("textbox", { name: /^Models/ }).fill("pico-l");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(row(page, "my program")).toContainText("pico-l");
  expect(await chat(key)).toBe(403);

  await page.getByRole("button", { name: "Revoke my program" }).click();
  const question = page.getByRole("dialog", { name: "Revoke my program?" });
  await question.getByRole("button", { name: "Keep it" }).click();
  await expect(row(page, "my program")).toContainText("Live");
  await page.getByRole("button", { name: "Revoke my program" }).click();
  await question.getByRole("button", { name: "Revoke the key" }).click();
  await expect(row(page, "my program")).toContainText("Revoked");
  expect(await chat(key)).toBe(401);
  // The last key is gone, and the door stays shut.
  expect(await chat()).toBe(401);
});

test("what is wrong with a key is said at its field, where one goes on", async ({ page }) => {
  await signIn(page);
  await page.getByRole("button", { name: "New key" }).click();
  const sheet = page.getByRole("dialog", { name: "New key" });
  const name = sheet.getByRole("textbox", { name: "Name" });
  await name.fill("n".repeat(101));
  await sheet.getByRole("button", { name: "Make the key" }).click();
  await expect(name).toBeFocused();
  await expect(name).toHaveAccessibleDescription(/100/);
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
    await makeKey(page, `${size} program`);
    await expect(row(page, `${size} program`)).toBeVisible();
    await look("list");
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("button", { name: "Add a model" }).click();
    await look("form");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await page.getByRole("button", { name: `Revoke ${size} program` }).click();
    await look("revoke");
    await context.close();
  }
});
