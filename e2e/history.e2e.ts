/**
 * Goal: people find, name, take along, publish, take back and delete what they said, and nothing of it runs as a
 * program. Method: a real browser on the built product with real models. Screenshots are kept beside the results.
 */
import { readFileSync } from "node:fs";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { ask, untilVotable, voteButton } from "./pages";
import { startMockWorker } from "./platform";

const SCRIPT =
  "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";

/** A chat with one answer; resolves with its id. */
async function chatOnce(page: Page, prompt: string, model = "pico-l"): Promise<string> {
  await page.goto(`/chat?model=${encodeURIComponent(model)}`);
  await ask(page, prompt);
  const article = page.getByRole("article", { name: "Answer" }).last();
  await expect(article).not.toHaveAttribute("aria-busy", "true");
  await expect(page).toHaveURL(/\/chat\/[0-9a-f-]{36}$/);
  return page.url().split("/").at(-1) ?? "";
}

const rows = (page: Page) => page.locator("main").getByRole("listitem");
const row = (page: Page, title: string) => rows(page).filter({ hasText: title });

async function choose(page: Page, title: string, action: string): Promise<void> {
  await row(page, title)
    .getByRole("button", { name: /^More for/ })
    .click();
  await page.getByRole("menuitem", { name: action }).click();
}

test("consent is asked once, beneath the composer, and the question stays", async ({ page }) => {
  await page.goto("/chat?model=pico-l");
  const field = page.getByRole("textbox", { name: "Your question" });
  await field.fill("What is the capital of Japan?");
  await field.press("Enter");
  const agree = page.getByRole("button", { name: "Agree and ask" });
  await expect(agree).toBeFocused();
  await expect(field).toHaveValue("What is the capital of Japan?");
  await page.getByRole("button", { name: "Read the terms" }).click();
  await expect(page.getByRole("dialog", { name: "Terms" })).toContainText("published for research");
  await page.getByRole("button", { name: "Back to your question" }).click();
  await agree.click();
  await expect(page.getByRole("article", { name: "Answer" })).toContainText("Tokyo");
  await expect(page.getByText("Read the terms")).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("button", { name: "Ask", exact: true })).toBeVisible();
});

test("find, name, take along and delete", async ({ page }) => {
  const id = await chatOnce(page, "What is the capital of Japan?");
  await chatOnce(page, "Count from 1 to 4.");
  await page.goto("/history");
  await expect(page.getByRole("heading", { name: "Today" })).toBeVisible();
  await expect(rows(page)).toHaveCount(2);

  const search = page.getByRole("searchbox", { name: "Search your conversations" });
  await search.fill("tok");
  await expect(page.getByText("1 conversation found")).toBeVisible();
  await expect(row(page, "capital of Japan").locator("mark")).toHaveText("Tokyo");
  await search.fill("nowhere in it");
  await expect(page.getByText("Nothing found")).toBeVisible();
  await search.press("Escape");
  await expect(rows(page)).toHaveCount(2);

  await choose(page, "capital of Japan", "Rename");
  const title = page.getByRole("textbox", { name: "Title" });
  await expect(title).toBeFocused();
  await title.fill("Capitals <b>of</b> the world");
  await title.press("Enter");
  await expect(page.getByRole("link", { name: "Capitals <b>of</b> the world" })).toBeVisible();

  const loading = page.waitForEvent("download");
  await choose(page, "Capitals", "Export as Markdown");
  const download = await loading;
  expect(download.suggestedFilename()).toBe("parley-capitals-b-of-b-the-world.md");
  const text = readFileSync(await download.path(), "utf8");
  expect(text).toContain("# Capitals &lt;b>of&lt;/b> the world");
  expect(text).toContain("> What is the capital of Japan?");
  expect(text).toContain("Tokyo");

  await choose(page, "Count from 1", "Delete…");
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("link", { name: "Capitals" }).click();
  await expect(page).toHaveURL(new RegExp(`/chat/${id}$`));
  await expect(page.getByRole("article", { name: "Answer" })).toContainText("Tokyo");

  await page.goto("/history");
  await page.getByRole("button", { name: "Delete everything…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete everything" }).click();
  await expect(page.getByText("Nothing here yet.")).toBeVisible();
  expect((await page.request.get(`/api/conversations/${id}`)).status()).toBe(404);
});

test("a deleted conversation's answer stops at its worker", async ({ page }) => {
  const worker = await startMockWorker(["mock/slow"]);
  try {
    await page.goto("/chat?model=mock%2Fslow");
    await ask(page, "one two three four five six seven eight nine ten eleven twelve");
    await expect.poll(() => worker.running()).toBe(1);
    await expect(page).toHaveURL(/\/chat\/[0-9a-f-]{36}$/);
    const id = page.url().split("/").at(-1);
    const deleted = await page.evaluate(
      async (path) => (await fetch(path, { method: "DELETE" })).status,
      `/api/conversations/${id}`,
    );
    expect(deleted).toBe(204);
    await expect.poll(() => worker.running()).toBe(0);
  } finally {
    await worker.stop();
  }
});

test("publish without personal data, read as a stranger, take back", async ({ page, browser }) => {
  const worker = await startMockWorker(["mock/echo"]);
  try {
    await chatOnce(page, `Write to jane@doe.org. ${SCRIPT}`, "mock/echo");
    await page.goto("/history");
    await choose(page, "Write to jane", "Share…");
    const dialog = page.getByRole("dialog", { name: "Share this conversation" });
    await expect(dialog).toContainText("[e-mail address removed]");
    await expect(dialog).toContainText(/Taken out: \d e-mail address/);
    await dialog.getByRole("button", { name: "Make it public" }).click();
    const link = dialog.getByRole("link");
    await expect(link).toBeVisible();
    const address = await link.getAttribute("href");
    expect(address).toMatch(/\/share\/[\w-]{24}$/);

    const stranger = await readAsStranger(browser, address ?? "");
    expect(stranger.text).toContain("[e-mail address removed]");
    expect(stranger.text).not.toContain("jane@doe.org");
    expect(stranger.html).not.toContain("jane@doe.org");
    expect(stranger.title).not.toBe("owned");
    expect(stranger.robots).toContain("noindex");
    expect(stranger.picture).toMatch(/^image\/png/);

    await dialog.getByRole("button", { name: /^Revoke the link/ }).click();
    await expect(link).toHaveCount(0);
    expect((await page.request.get(address ?? "")).status()).toBe(404);
  } finally {
    await worker.stop();
  }
});

async function readAsStranger(browser: Browser, address: string) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const response = await page.goto(address);
    await page.waitForLoadState("networkidle");
    const image = await page.locator('meta[property="og:image"]').getAttribute("content");
    const { pathname, search } = new URL(image ?? "", address);
    const picture = await page.request.get(`${new URL(address).origin}${pathname}${search}`);
    return {
      ...{ text: await page.locator("main").innerText(), title: await page.title() },
      html: (await response?.text()) ?? "",
      robots: await page.locator('meta[name="robots"]').getAttribute("content"),
      picture: picture.headers()["content-type"],
    };
  } finally {
    await context.close();
  }
}

for (const { size, viewport, colorScheme } of LOOKS) {
  test(`history and a shared battle look right, ${size}, ${colorScheme}`, async ({
    browser,
  }, info) => {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const look = async (name: string) => {
      await page.waitForLoadState("networkidle");
      await expectUsable(page, info.outputPath(`${name}.png`));
    };
    await page.goto("/");
    await page.getByRole("textbox", { name: "Your question" }).fill("hello");
    await page.getByRole("button", { name: "Agree and ask" }).waitFor();
    await look("terms");
    await page.goto("/history");
    await look("history-empty");

    await page.goto("/");
    await ask(page, "Write hello world in Rust.");
    await untilVotable(page);
    // Blind: the list may not name them, and nobody may be shown them.
    await page.goto("/history");
    await expect(page.getByText("not voted on yet")).toBeVisible();
    await choose(page, "hello world in Rust", "Share…");
    await expect(page.getByRole("dialog")).toContainText("Vote first");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Write hello world in Rust." }).click();
    await untilVotable(page);
    await voteButton(page, "A is better").click();
    await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
    await chatOnce(page, "What is the capital of Japan?");

    await page.goto("/history");
    await look("history");
    await page.getByRole("searchbox").fill("tokyo");
    await expect(page.locator("mark")).toBeVisible();
    await look("history-search");
    await page.getByRole("searchbox").fill("");
    await choose(page, "hello world in Rust", "Share…");
    await expect(page.getByRole("button", { name: "Make it public" })).toBeEnabled();
    await look("share-dialog");
    await page.getByRole("button", { name: "Make it public" }).click();
    const link = page.getByRole("dialog").getByRole("link");
    await expect(link).toBeVisible();
    await look("share-dialog-published");
    const address = (await link.getAttribute("href")) ?? "";
    await page.goto(address);
    await expect(page.getByText("A was preferred")).toBeVisible();
    await look("share");
    const picture = await page.locator('meta[property="og:image"]').getAttribute("content");
    await page.goto(new URL(new URL(picture ?? "", address).pathname, address).href);
    await page.screenshot({ path: info.outputPath("picture.png") });
    await context.close();
  });
}
