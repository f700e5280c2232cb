/** Goal: every page is usable by everyone: no axe violation, no sideways scroll, at desk and phone, light and dark. Screenshots are kept beside the results. */
import { test } from "@playwright/test";
import { expectUsable, SIZES } from "./expect-usable";
import { ask, untilVotable } from "./pages";

const PAGES = ["/", "/chat", "/leaderboard", "/models", "/developers", "/admin/login", "/nowhere"];

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`${size}, ${colorScheme}`, async ({ browser }, info) => {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      const look = async (name: string) => {
        await page.waitForLoadState("networkidle");
        await expectUsable(page, info.outputPath(`${name}.png`));
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
