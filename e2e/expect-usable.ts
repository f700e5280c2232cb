import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

export const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

/** Each size and each scheme once: colours do not depend on the size. */
export const LOOKS = [
  { size: "desk", viewport: SIZES.desk, colorScheme: "light" },
  { size: "phone", viewport: SIZES.phone, colorScheme: "dark" },
] as const;

/**
 * No axe violation and no sideways scroll in what `page` shows now; `picture` is where its screenshot goes.
 *
 * @param within selects the part of the page that changed since all of it was looked at; absent: all of it.
 */
export async function expectUsable(page: Page, picture: string, within?: string): Promise<void> {
  await page.screenshot({ path: picture });
  // Our pages have no frames, for which axe would hand its findings through another page, which takes as long as
  // finding them; nor is anything asked about what is in order.
  const axe = new AxeBuilder({ page })
    .options({ runOnly: RULES, resultTypes: ["violations"] })
    .setLegacyMode();
  const { violations } = await (within === undefined ? axe : axe.include(within)).analyze();
  const told: string[] = [];
  for (const { id, nodes } of violations) {
    for (const { target, html } of nodes) {
      // Where the page is scrolled to so that its head covers half of a button, that half is no target.
      if (id === "target-size" && (await isUnderHead(page, target.join(" ")))) continue;
      told.push(`${id}: ${html}`);
    }
  }
  expect(told, picture).toEqual([]);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width, picture).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
}

async function isUnderHead(page: Page, selector: string): Promise<boolean> {
  return await page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const head = document.querySelector("header");
      return (
        head !== null && element.getBoundingClientRect().top < head.getBoundingClientRect().bottom
      );
    });
}
