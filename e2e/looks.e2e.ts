/** Goal: every page is usable by everyone: no axe violation, no sideways scroll, at desk and phone, light and dark. Screenshots are kept beside the results. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { ask, untilVotable } from "./pages";

const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const PAGES = ["/", "/chat", "/leaderboard", "/models", "/developers", "/admin/login", "/nowhere"];
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${size}, ${colorScheme}`, async ({ browser }, info) => {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const look = async (name: string) => {
        await page.waitForLoadState("networkidle");
        await page.screenshot({ path: info.outputPath(`${name}.png`) });
        const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze();
        expect(
          violations.map((it) => `${it.id}: ${it.nodes[0]?.html}`),
          name,
        ).toEqual([]);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(width, name).toBeLessThanOrEqual(viewport.width);
      };
      for (const path of PAGES) {
        await page.goto(path);
        await look(path.replaceAll("/", "_"));
      }
      await page.goto("/");
      await ask(page, "Write hello world in Rust.");
      await untilVotable(page);
      await look("battle");
      await context.close();
    });
  }
}
