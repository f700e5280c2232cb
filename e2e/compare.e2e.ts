/**
 * Goal: two models of one's choice beside each other: a link to them, answers anew, other words, parameters, a vote.
 * Method: the built product with the bundled models in a real browser.
 */
import { expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { answer, ask, untilVotable, voteButton } from "./pages";

const outcome = (page: Page) => page.getByRole("region", { name: "The outcome", exact: true });
const turn = (page: Page, number: number) =>
  page.getByRole("region", { name: `Question ${number}`, exact: true });

async function readVotes(page: Page): Promise<number> {
  return (await (await page.request.get("/api/leaderboard")).json()).voteCount;
}

test("a link chooses both sides; answers anew and a vote, which is kept and not rated", async ({
  page,
}) => {
  await page.goto("/compare?a=pico-s&b=pico-l");
  await expect(page.getByLabel("Model A")).toHaveValue("pico-s");
  await expect(page.getByLabel("Model B")).toHaveValue("pico-l");
  const before = await readVotes(page);
  await ask(page, "What is the opposite of brave?");
  await untilVotable(page);
  await expect(page).toHaveURL(/\/compare\/[0-9a-f-]{36}$/);
  for (const [side, model] of [
    ["A", "pico-s"],
    ["B", "pico-l"],
  ] as const) {
    await expect(answer(page, side)).toContainText(model);
    await expect(answer(page, side)).toContainText(/to first token/);
  }
  await page.getByRole("button", { name: "New answers" }).click();
  await expect(turn(page, 1).getByText("2/2")).toBeVisible();
  await untilVotable(page);
  await voteButton(page, "A is better").click();
  await expect(outcome(page)).toContainText("never rated");
  await page.getByRole("button", { name: "Earlier answers" }).click();
  // The vote was on the other answers.
  await untilVotable(page);
  await page.reload();
  await expect(turn(page, 1).getByText("1/2")).toBeVisible();
  expect(await readVotes(page)).toBe(before);
});

test("a question in other words is a branch; both are kept", async ({ page }) => {
  await page.goto("/compare?a=pico-m&b=pico-l");
  await ask(page, "What is 2 + 3?");
  await untilVotable(page);
  await ask(page, "And 4 + 4?");
  await expect(turn(page, 2)).toBeVisible();
  await untilVotable(page);
  await turn(page, 1).getByRole("button", { name: "Edit the question" }).click();
  const words = page.getByRole("textbox", { name: "The question in other words" });
  await words.fill("What is 7 + 1?");
  await words.press("Enter");
  await expect(turn(page, 1)).toContainText("7 + 1");
  await expect(turn(page, 1).getByText("2/2")).toBeVisible();
  await expect(turn(page, 2)).toHaveCount(0);
  await untilVotable(page);
  await page.getByRole("button", { name: "Earlier question" }).click();
  await expect(turn(page, 1)).toContainText("2 + 3");
  await expect(turn(page, 2)).toContainText("4 + 4");
});

test("parameters go with the question, beside the page and not over it", async ({ page }, info) => {
  await page.goto("/compare");
  await page.getByRole("button", { name: "Parameters" }).click();
  const sheet = page.getByRole("dialog", { name: "Parameters" });
  await sheet.getByRole("textbox", { name: "Longest answer" }).fill("5");
  const asked = page.waitForRequest(
    (it) => it.method() === "POST" && it.url().endsWith("/api/conversations"),
  );
  await ask(page, "Tell me a story about a fox.");
  expect((await asked).postDataJSON()).toMatchObject({ settings: { maxTokens: 5 } });
  await untilVotable(page);
  for (const side of ["A", "B"] as const) {
    await expect(answer(page, side)).toContainText("Ended at the length limit");
  }
  await expectUsable(page, info.outputPath("parameters.png"));
});

test("the page is usable on each size and in each scheme", async ({ page }, info) => {
  await page.goto("/compare?a=nobody&b=pico-l");
  await expect(page.locator("main")).toContainText("There is no model called nobody here.");
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectUsable(page, info.outputPath(`compare-start-${size}.png`));
  }
  await ask(page, "What is the capital of Japan?");
  await untilVotable(page);
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectUsable(page, info.outputPath(`compare-${size}.png`));
  }
});

test("FastChat's links lead to our pages", async ({ request, page }, info) => {
  for (const [from, to] of [
    ["/?arena", "/"],
    ["/?vision", "/"],
    ["/?compare", "/compare"],
    ["/?direct", "/chat"],
    ["/?leaderboard", "/leaderboard"],
    ["/?about", "/about"],
    ["/?model=pico-m", "/chat?model=pico-m"],
  ] as const) {
    const reply = await request.get(from, { maxRedirects: 0 });
    expect([from, reply.status(), reply.headers().location]).toEqual([from, 307, to]);
  }
  await page.goto("/about");
  await expectUsable(page, info.outputPath("about.png"));
});
