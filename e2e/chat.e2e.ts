/** Goal: direct chat with a real model, with stop, regenerate and reload. The stop is driven on a model slow enough to be stopped. */
import { expect, test } from "@playwright/test";
import { ask } from "./pages";
import { startMockWorker } from "./platform";

test("ask one model, regenerate, switch between the answers, reload", async ({ page }) => {
  await page.goto("/chat?model=pico-l");
  await ask(page, "What is the capital of Japan?");
  const article = page.getByRole("article", { name: "Answer" });
  await expect(article).toContainText("Tokyo");
  await expect(article).not.toHaveAttribute("aria-busy", "true");
  await page.getByRole("button", { name: "Regenerate" }).click();
  await expect(page.getByText("2/2")).toBeVisible();
  await page.getByRole("button", { name: "Earlier answer" }).click();
  await expect(page.getByText("1/2")).toBeVisible();
  await page.reload();
  await expect(article).toContainText("Tokyo");
  await expect(page.getByText(/[12]\/2/)).toBeVisible();
});

test("a chat remembers what was said turns ago", async ({ page }) => {
  await page.goto("/chat?model=pico-l");
  await ask(page, "My name is Marta.");
  const articles = page.getByRole("article", { name: "Answer" });
  await expect(articles.first()).not.toHaveAttribute("aria-busy", "true");
  await expect(page.getByRole("button", { name: "Regenerate" })).toBeVisible();
  await ask(page, "What is my name?");
  await expect(articles).toHaveCount(2);
  await expect(articles.nth(1)).toContainText("Marta");
});

test("stop keeps what was said and frees the worker; the text is code and never markup", async ({
  page,
}) => {
  const worker = await startMockWorker(["mock/slow"]);
  try {
    await page.goto("/chat?model=mock%2Fslow");
    await ask(page, "<img src=x onerror=document.title='owned'> one two three four five six seven");
    const article = page.getByRole("article", { name: "Answer" });
    await expect(article).toContainText(/\w+ \w+/);
    expect(await worker.running()).toBe(1);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(article).not.toHaveAttribute("aria-busy", "true");
    await expect.poll(() => worker.running()).toBe(0);
    const kept = await article.locator("p").first().innerText();
    expect(kept.length).toBeGreaterThan(0);
    await page.reload();
    await expect(article).toContainText(kept.slice(0, 10));
    expect(await page.title()).not.toBe("owned");
  } finally {
    await worker.stop();
  }
});
