/**
 * Goal: every page, in every state that a reader meets, is usable by everyone: no violation that axe knows of
 * WCAG 2.2 AA, no sideways scroll, at desk and phone, light and dark.
 * Method: the pages are found in the tree of routes, so that a new one cannot be left out. Screenshots are kept
 * beside the results.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import { changeRules, drawOnly } from "./arena-rules";
import { expectUsable, LOOKS } from "./expect-usable";
import { answer, ask, leaveFields, untilVotable, voteButton } from "./pages";
import { type OwnWorker, ROOT, sharedPlatform, startMockWorker } from "./platform";

const ROUTES = readdirSync(join(ROOT, "app"), { recursive: true, encoding: "utf8" })
  .filter((file) => /(^|\/)page\.tsx$/.test(file))
  .map((file) => {
    const parts = file.split("/").slice(0, -1);
    return `/${parts.filter((part) => !part.startsWith("(")).join("/")}`;
  });
/** Pages that each state below opens by its own means, or a test of their own looks at. */
const BY_ID = [
  ...["/battle/[id]", "/chat/[id]", "/compare/[id]"],
  // leaderboard.e2e.ts, model-page.e2e.ts
  ...["/leaderboard/[category]", "/leaderboard/published/[id]", "/models/[slug]", "/share/[id]"],
];
const ADMIN_LOGIN = "/admin/login";

const isAdmin = (path: string) => path.startsWith("/admin") && path !== ADMIN_LOGIN;
const FIXED = ROUTES.filter((path) => !path.includes("[")).sort();

const MODELS = ["mock/echo", "mock/long", "mock/slow"];
let worker: OwnWorker;
let rules: ArenaSettings;
test.beforeAll(async () => {
  worker = await startMockWorker(MODELS);
  // One that writes for twenty seconds is chosen below, and not drawn for a battle that is waited for.
  rules = await changeRules(sharedPlatform(), drawOnly(["mock/echo", "mock/long"], MODELS));
});
test.afterAll(async () => {
  await changeRules(sharedPlatform(), () => rules);
  await worker.stop();
});

test("every route by id is opened by a state below", () => {
  expect(ROUTES.filter((path) => path.includes("[")).sort()).toEqual(BY_ID);
});

type Look = (name: string) => Promise<void>;

/** Opens a page and gives what it reads by itself a moment; some pages never stop reading. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.waitForLoadState("networkidle", { timeout: 5_000 }).catch(() => undefined);
}

/** Opens a page once and looks at it in every look, which takes half as long as opening it for each. */
async function lookAtPage(page: Page, path: string, file: (name: string) => string): Promise<void> {
  const [first] = LOOKS;
  await page.emulateMedia({ reducedMotion: "reduce", colorScheme: first.colorScheme });
  await page.setViewportSize(first.viewport);
  await open(page, path);
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate(() => document.fonts.ready);
    await expectUsable(page, file(`${size}.png`));
  }
}

// Each page is a test of its own, with time of its own.
for (const path of [...FIXED.filter((it) => !isAdmin(it)), "/nowhere", "/chat?model=nobody"]) {
  test(`readers: ${path}`, ({ page }, info) =>
    lookAtPage(page, path, (name) => info.outputPath(name)));
}

for (const path of FIXED.filter(isAdmin)) {
  test(`keepers: ${path}`, async ({ page }, info) => {
    await page.goto(ADMIN_LOGIN);
    await page.getByLabel("Token").fill(sharedPlatform().adminToken);
    await page.keyboard.press("Enter");
    await expect(page).not.toHaveURL(/login/);
    await lookAtPage(page, path, (name) => info.outputPath(name));
  });
}

for (const { size, viewport, colorScheme } of LOOKS) {
  test.describe(`${size}, ${colorScheme}`, () => {
    // Many states each; on a machine of one's own each of these takes some ten seconds.
    test.describe.configure({ timeout: 120_000 });
    test.use({ viewport, colorScheme, contextOptions: { reducedMotion: "reduce" } });

    const lookAt =
      (page: Page, folder: (name: string) => string): Look =>
      async (name) => {
        await page.evaluate(() => document.fonts.ready);
        await expectUsable(page, folder(`${name}.png`));
      };

    test("a battle", async ({ page }, info) => {
      const look = lookAt(page, (name) => info.outputPath(name));
      await page.goto("/");
      await ask(page, "Write hello world in Rust.");
      await expect(answer(page, "A")).toBeVisible();
      await untilVotable(page);
      await look("battle-votable");
      await leaveFields(page);
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog")).toBeVisible();
      await look("battle-keys");
      await page.keyboard.press("Escape");
      await voteButton(page, "Tie").click();
      await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
      await look("battle-revealed");
      await page.reload();
      await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
      await look("battle-stored");
    });

    test("a comparison", async ({ page }, info) => {
      const look = lookAt(page, (name) => info.outputPath(name));
      await page.goto("/compare?a=mock%2Fecho&b=mock%2Flong");
      await ask(page, "Compare | with $x^2$.");
      await untilVotable(page);
      await look("compare-votable");
    });

    test("a chat", async ({ page }, info) => {
      const look = lookAt(page, (name) => info.outputPath(name));
      await page.goto("/chat?model=mock%2Flong");
      await ask(page, "Format it.");
      await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
      await page.getByRole("button", { name: "Regenerate" }).click();
      await expect(page.getByText("2/2")).toBeVisible();
      await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
      await page.getByRole("button", { name: "Good answer" }).click();
      await page.getByRole("button", { name: "Details" }).click();
      await page.getByRole("button", { name: "Report to the operator" }).click();
      await look("chat-answered");
      await page.getByRole("button", { name: "Parameters" }).click();
      await page.getByRole("textbox", { name: "Longest answer, in tokens" }).fill("0");
      await look("chat-parameters");
      await page.keyboard.press("Escape");
      await leaveFields(page);
      await page.keyboard.press("?");
      await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
      await look("chat-keys");
      await page.goto("/chat?model=mock%2Fecho");
      await ask(page, "Inline $\\frac{a}{b}$.\n\n$$\nE = mc^2\n$$\n\n```rust\nlet a = 1;\n```\n");
      await expect(page.locator("math")).toHaveCount(2);
      await page.getByRole("button", { name: "Edit the question" }).click();
      await look("chat-formulas-edit");
      await page.goto("/chat?model=mock%2Fslow");
      await ask(page, "Count.");
      await expect(page.getByRole("article", { name: "Answer" })).toContainText("1 2");
      await expectUsable(page, info.outputPath("chat-streaming.png"));
      await page.getByRole("button", { name: "Stop" }).click();
    });

    test("what was kept and made public", async ({ page }, info) => {
      const look = lookAt(page, (name) => info.outputPath(name));
      await page.goto("/chat?model=mock%2Fecho");
      await ask(page, "Publish this.");
      await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
      const id = page.url().split("/").at(-1);
      // As the page's own dialog does: a request from elsewhere would be refused.
      const share = await page.evaluate(async (path) => {
        const { digest } = await (await fetch(path)).json();
        const reply = await fetch(path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ digest }),
        });
        return (await reply.json()).id;
      }, `/api/conversations/${id}/shares`);
      expect(share).toEqual(expect.any(String));
      await open(page, "/history");
      await look("history");
      await open(page, `/share/${share}`);
      await look("share");
    });
  });
}
