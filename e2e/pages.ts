import { expect, type Locator, type Page } from "@playwright/test";

/** The words and roles by which a person finds things on our pages, once for all tests. */

export function composer(page: Page): Locator {
  return page.getByRole("textbox", { name: /^Your question/ });
}

export async function ask(page: Page, prompt: string): Promise<void> {
  await composer(page).fill(prompt);
  await composer(page).press("Enter");
  await agreeOnce(page, prompt);
}

/** A visitor's first question is asked once they have agreed to the terms. */
async function agreeOnce(page: Page, prompt: string): Promise<void> {
  const agree = page.getByRole("button", { name: "Agree and ask" });
  const asked = page.getByRole("heading", {
    name: `You asked: ${prompt.replace(/\s+/g, " ").trim()}`,
  });
  await expect(agree.or(asked).first()).toBeVisible();
  if (await agree.isVisible()) await agree.click();
}

export function answer(page: Page, side: "A" | "B"): Locator {
  return page.getByRole("article", { name: `Answer ${side}` }).last();
}

export function voteButton(page: Page, name: string): Locator {
  // An earlier turn has votes of its own under its answers.
  const votes = page.getByRole("region", { name: "Your vote", exact: true });
  return votes.getByRole("button", { name });
}

/** Both answers are there and may be judged. */
export async function untilVotable(page: Page): Promise<void> {
  await expect(voteButton(page, "Tie")).toBeEnabled();
}

/** A click on nothing, so that no field has the focus and the keys are awake. */
export async function leaveFields(page: Page): Promise<void> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
}

export const BUNDLED_MODELS = ["pico-l", "pico-m", "pico-s"];
