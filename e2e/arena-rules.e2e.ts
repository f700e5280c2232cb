/**
 * Goal: a keeper changes the rules of the arena on the page and reads back what was changed; two keepers do not
 * write over each other; the page is usable. Method: the page by role and label; afterwards all is as it was.
 */
import { type Browser, expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { sharedPlatform } from "./platform";

async function signIn(page: Page): Promise<void> {
  const { url, adminToken } = sharedPlatform();
  await page.goto(`${url}/admin/arena`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workers", level: 1 })).toBeVisible();
  await page.goto(`${url}/admin/arena`);
  await expect(page.getByRole("heading", { name: "Rules of the game" })).toBeVisible();
}

async function secondKeeper(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await signIn(page);
  return page;
}

const form = (page: Page, name: string) => page.getByRole("form", { name });
const save = (page: Page, name: string) =>
  form(page, name).getByRole("button", { name: "Save" }).click();

test("rules are changed, refused where they are wrong, and remembered", async ({
  page,
  browser,
}) => {
  await signIn(page);
  const votes = form(page, "Votes");
  const onOneQuestion = votes.getByLabel("Votes on one question in 30 days");
  const before = await onOneQuestion.inputValue();
  await votes.getByLabel("Earliest vote after both answers").fill("5");
  await votes.getByLabel("But never more than").fill("1");
  await save(page, "Votes");
  // The server's reason stands at its field.
  await expect(votes.getByRole("alert").filter({ hasText: "readSecondsMin" })).toBeVisible();
  await votes.getByLabel("But never more than").fill("12");
  await onOneQuestion.fill("40");

  // Somebody else is faster, and nothing of theirs is lost.
  const other = await secondKeeper(browser);
  await form(other, "Votes").getByLabel("Votes on one question in 30 days").fill("30");
  await save(other, "Votes");
  await expect(form(other, "Votes").getByText(/^Saved/)).toBeVisible();
  await save(page, "Votes");
  await expect(votes.getByRole("alert").filter({ hasText: "somebody else" })).toBeVisible();
  await votes.getByRole("button", { name: "Show what holds now" }).click();
  await expect(onOneQuestion).toHaveValue("30");
  await other.context().close();

  const row = page.getByRole("row", { name: /pico-s/ }).first();
  await page.getByRole("button", { name: "Edit pico-s" }).click();
  const sheet = page.getByRole("dialog", { name: "pico-s" });
  await sheet.getByLabel("Weight").fill("3");
  await sheet.getByLabel("Targets", { exact: true }).fill("pico-s");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet.getByRole("alert").filter({ hasText: "never meets itself" })).toBeVisible();
  await sheet.getByLabel("Targets", { exact: true }).fill("");
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(row).toContainText("3");
  const history = page.getByRole("table").last();
  await expect(
    history.getByRole("row", { name: /sampling\.models\.pico-s\.weight/ }),
  ).toContainText("3");

  await page.getByRole("button", { name: "Edit pico-s" }).click();
  await sheet.getByRole("button", { name: "Forget all of it" }).click();
  await expect(sheet).toHaveCount(0);
  await votes.getByRole("button", { name: "Fill in the defaults" }).click();
  await expect(onOneQuestion).toHaveValue("50");
  // Other tests' visitors vote sooner than people could.
  await votes.getByRole("button", { name: "Show what holds now" }).click();
  await onOneQuestion.fill(before);
  await save(page, "Votes");
  await expect(votes.getByText(/^Saved/)).toBeVisible();
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
    await form(page, "Moderation").getByRole("button", { name: "Add a pattern" }).click();
    await form(page, "Calls").getByRole("button", { name: "Add a model" }).click();
    await look("rules");
    await page.getByRole("button", { name: "Edit pico-s" }).click();
    await look("model");
    await context.close();
  }
});
