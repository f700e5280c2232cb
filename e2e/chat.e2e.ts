/**
 * Goal: direct chat as a stranger uses it: ask, say it otherwise, answer anew, judge, stop, leave and come back.
 * Method: real models where the words matter, sentinel models where the moment does, in a real browser.
 */
import { expect, type Page, test } from "@playwright/test";
import { ask, composer } from "./pages";
import { type OwnWorker, startMockWorker } from "./platform";

const MODELS = ["mock/echo", "mock/paced", "mock/slow", "mock/reader"];
let worker: OwnWorker;
test.beforeAll(async () => {
  worker = await startMockWorker(MODELS);
});
test.afterAll(() => worker.stop());

const chatWith = (page: Page, model: string) =>
  page.goto(`/chat?model=${encodeURIComponent(model)}`);
const answers = (page: Page) => page.getByRole("article", { name: "Answer" });
const turn = (page: Page, number: number) =>
  page.getByRole("region", { name: `Question ${number}`, exact: true });

/** All answers that are shown have ended. */
async function untilIdle(page: Page): Promise<void> {
  await expect(page.locator("article[aria-busy=true]")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Regenerate" }).last()).toBeEnabled();
}

test("a chat remembers; answers can be asked for again and switched, also after a reload", async ({
  page,
}) => {
  await chatWith(page, "pico-l");
  await ask(page, "My name is Marta.");
  await untilIdle(page);
  await ask(page, "What is my name?");
  await expect(answers(page)).toHaveCount(2);
  await untilIdle(page);
  await expect(answers(page).nth(1)).toContainText("Marta");
  const second = turn(page, 2);
  await second.getByRole("button", { name: "Regenerate" }).click();
  await expect(second.getByText("2/2")).toBeVisible();
  await untilIdle(page);
  await second.getByRole("button", { name: "Earlier answer" }).click();
  await expect(second.getByText("1/2")).toBeVisible();
  await page.reload();
  await expect(second.getByText("1/2")).toBeVisible();
  await second.getByRole("button", { name: "Details" }).click();
  await expect(second.locator("dl")).toContainText("pico-l");
});

test("a question said otherwise is a branch, also the first one, and the chosen one is kept", async ({
  page,
}) => {
  await chatWith(page, "mock/echo");
  await ask(page, "first wording");
  await untilIdle(page);
  await ask(page, "what follows");
  await expect(answers(page)).toHaveCount(2);
  await untilIdle(page);
  await turn(page, 1).getByRole("button", { name: "Edit the question" }).click();
  await page.getByRole("textbox", { name: "The question in other words" }).fill("second wording");
  await page.getByRole("button", { name: "Ask again" }).click();
  await expect(turn(page, 1).getByText("2/2")).toBeVisible();
  await expect(answers(page)).toHaveCount(1);
  await untilIdle(page);
  await expect(answers(page)).toContainText("second wording");
  await turn(page, 1).getByRole("button", { name: "Earlier wording" }).click();
  await expect(answers(page)).toHaveCount(2);
  await page.reload();
  await expect(turn(page, 1)).toContainText("first wording");
  await expect(turn(page, 2)).toContainText("what follows");
  // The branch that is shown is the one that goes on.
  await ask(page, "and then");
  await expect(turn(page, 3)).toContainText("and then");
});

test("answers take marks and a report, which outlive a reload", async ({ page }) => {
  await chatWith(page, "mock/echo");
  await ask(page, "judge me");
  await untilIdle(page);
  const mark = (name: string) => page.getByRole("button", { name, exact: true });
  await mark("Good answer").click();
  await expect(mark("Good answer")).toHaveAttribute("aria-pressed", "true");
  await mark("Bad answer").click();
  await expect(mark("Good answer")).toHaveAttribute("aria-pressed", "false");
  await mark("Report to the operator").click();
  await page.getByRole("textbox", { name: /What is wrong/ }).fill("It only repeats.");
  await mark("Report").click();
  await expect(mark("Report to the operator")).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await expect(mark("Bad answer")).toHaveAttribute("aria-pressed", "true");
  await expect(mark("Report to the operator")).toHaveAttribute("aria-pressed", "true");
});

test("a refresh in the middle goes on with the answer; stop ends it at the worker and keeps what was said", async ({
  page,
}) => {
  await chatWith(page, "mock/slow");
  await ask(page, "Count.");
  await expect(answers(page)).toContainText("1 2 3");
  await page.reload();
  await expect(answers(page)).toContainText("1 2 3");
  // Beyond what was there before: the answer was never stopped.
  await expect(answers(page)).toContainText("8 9");
  expect(await worker.running()).toBe(1);
  await page.getByRole("button", { name: "Stop" }).click();
  await untilIdle(page);
  await expect.poll(() => worker.running()).toBe(0);
  await expect(answers(page)).toContainText("You stopped it here.");
  const kept = await answers(page).locator(".prose").innerText();
  await page.reload();
  await expect(answers(page).locator(".prose")).toHaveText(kept);
});

test("markup and script in questions and answers are text; formulas are set, prices are not", async ({
  page,
}) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await chatWith(page, "mock/echo");
  const hostile =
    "<img src=x onerror=document.title='owned'><script>document.title='owned'</script> [x](javascript:document.title='owned') $\\href{javascript:alert(1)}{y}$";
  await ask(page, hostile);
  await untilIdle(page);
  await ask(page, "It is $5 and $6, so $x^2 + \\frac{1}{2}$ and\n\n$$\n\\sum_{i=1}^n i\n$$");
  await expect(answers(page)).toHaveCount(2);
  await untilIdle(page);
  const second = answers(page).nth(1);
  await expect(second.locator("math")).toHaveCount(2);
  await expect(second.locator(".katex-display")).toBeVisible();
  await expect(second).toContainText("It is $5 and $6, so");
  // The face of a formula comes from this server.
  await expect
    .poll(() => page.evaluate(() => [...document.fonts].some((it) => it.family.includes("KaTeX"))))
    .toBe(true);
  expect(await page.locator("main img, main script, main a[href^='javascript']").count()).toBe(0);
  expect(await page.title()).not.toBe("owned");
  expect(errors).toEqual([]);
});

test("parameters stand in a sheet beside the page, hold for the next question and are remembered", async ({
  page,
}) => {
  await chatWith(page, "mock/echo");
  await page.getByRole("button", { name: "Parameters" }).click();
  const sheet = page.getByRole("dialog", { name: "Parameters" });
  await sheet.getByRole("textbox", { name: "Longest answer, in tokens" }).fill("2");
  await sheet.getByRole("slider", { name: "Temperature, slider" }).focus();
  await page.keyboard.press("Home");
  await expect(sheet.getByRole("textbox", { name: "Temperature" })).toHaveValue("0");
  await sheet.getByRole("button", { name: /currentDateTime/ }).click();
  await expect(sheet.getByRole("textbox", { name: "System prompt" })).toHaveValue(
    "{{currentDateTime}}",
  );
  // The page beside it stays in use.
  await ask(page, "one two three four five");
  await untilIdle(page);
  await expect(answers(page)).toContainText("It ended at its length limit.");
  await expect(sheet).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await page.reload();
  await page.getByRole("button", { name: "Parameters" }).click();
  await expect(sheet.getByRole("textbox", { name: "Longest answer, in tokens" })).toHaveValue("2");
  await page.goto("/chat");
  await page.getByRole("button", { name: "Parameters" }).click();
  await expect(sheet.getByRole("textbox", { name: "Temperature" })).toHaveValue("0");
  await sheet.getByRole("button", { name: "Back to the model's own" }).click();
  await expect(sheet.getByRole("textbox", { name: "Temperature" })).toHaveValue("");
});

test("another model begins another chat with the question kept; one that cannot answer is not chosen", async ({
  page,
}) => {
  await chatWith(page, "mock/echo");
  await ask(page, "keep this question");
  await untilIdle(page);
  const first = page.url();
  await page.getByRole("combobox", { name: "Model" }).selectOption("mock/paced");
  await expect(page.locator("main")).toContainText("A chat stays with its model");
  await expect(composer(page)).toHaveValue("keep this question");
  await page.getByRole("link", { name: "Back to mock/echo" }).click();
  await expect(page).toHaveURL(first);
  await expect(answers(page)).toContainText("keep this question");

  await chatWith(page, "mock/reader");
  await expect(page.locator("main")).toContainText("mock/reader reads texts and writes none.");
  await chatWith(page, "no/such-model");
  await expect(page.locator("main")).toContainText("There is no model called no/such-model here.");
  await expect(page.getByRole("combobox", { name: "Model" })).not.toHaveValue("no/such-model");
});
