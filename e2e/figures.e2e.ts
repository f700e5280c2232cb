/**
 * Goal: the board's pictures say what its numbers say, to a reader who sees them, to one who has only keys and
 * to one who has only words; and their files open elsewhere.
 * Method: ballots and days of models of the test's own in the database of the platform, one real vote after
 * which every board is computed anew. Afterwards the ballots no longer count.
 */
import { readFileSync } from "node:fs";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { pairTableSchema } from "@/lib/protocol/board-view";
import { createId } from "@/lib/util/id";
import { expectUsable, LOOKS } from "./expect-usable";
import { ask, BUNDLED_MODELS, untilVotable, voteButton } from "./pages";
import { sharedPlatform } from "./platform";

const { url, databaseUrl } = sharedPlatform();
const sql = connect(databaseUrl, { connectionsMax: 1 });
const voter = crypto.randomUUID();

/** The best first. */
const MODELS = "alpha bravo charlie delta echo foxtrot golf hotel india"
  .split(" ")
  .map((it) => `plot/${it}`);
const VOTES_A_PAIR = 24;
const TABS = ["Scores", "Win rates", "Battles", "Average", "Price and speed", "Over time"];

test.beforeAll(async ({ browser }) => {
  for (const name of MODELS) {
    await sql`insert into models (id, name, description)
      values (${createId()}, ${name}, ${sql.json({ skills: [], examplePrompts: [] })})
      on conflict (name) do nothing`;
  }
  // The last two never met, and the bundled models meet the middle alone.
  const pairs = MODELS.flatMap((one, at) =>
    MODELS.slice(at + 1).map((other, apart) => ({ one, other, apart })),
  ).slice(0, -1);
  const bundled = BUNDLED_MODELS.map((other) => ({ one: "plot/delta", other, apart: 1 }));
  for (const { one, other, apart } of [...pairs, ...bundled]) {
    await sql`insert into ballots
      (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language)
      select gen_random_uuid(), ${voter}, a.id, b.id,
        case when i % 6 = 0 then 'tie' when i % 12 < ${7 + Math.min(apart, 3)} then 'a' else 'b' end,
        0.5, 1, true, 'en'
      from models a, models b, generate_series(1, ${VOTES_A_PAIR}) i
      where a.name = ${one} and b.name = ${other}`;
  }
  const voting = await (await browser.newContext({ baseURL: url })).newPage();
  await voting.goto("/");
  await ask(voting, "What is the opposite of dim?");
  await untilVotable(voting);
  await voteButton(voting, "A is better").click();
  await expect
    .poll(async () => (await readPairs()).models, { timeout: 30_000 })
    .toEqual(expect.arrayContaining(MODELS));
  await sql`insert into board_days (key, model_id, day, rating, lower, upper, rank, votes)
    select 'overall@all', id, (now() at time zone 'utc')::date - i,
      1000 + 3 * (10 - i), 980, 1060, 1, 100
    from models, generate_series(1, 9) i where name = any(${MODELS}) on conflict do nothing`;
});

test.afterAll(async () => {
  await sql`delete from board_days where model_id in (select id from models where name = any(${MODELS}))`;
  // As votes are taken out of boards elsewhere: rows stay.
  await sql`update ballots set counted = false, uncounted_reason = 'too-many' where voter = ${voter}`;
  await sql.end();
});

async function readPairs() {
  return pairTableSchema.parse(await (await fetch(`${url}/api/leaderboard/pairs`)).json());
}

const figures = (page: Page) => page.getByRole("region", { name: "The board in pictures" });
const plot = (page: Page) => figures(page).getByRole("application");
/** Of what nothing was measured there is a sentence instead. */
const plotOrWords = (page: Page) =>
  plot(page).or(figures(page).getByText("No model on this board has"));
const tab = (page: Page, name: string) => figures(page).getByRole("tab", { name, exact: true });

async function open(page: Page, hash = ""): Promise<void> {
  await page.goto(`/leaderboard${hash}`);
  await figures(page).scrollIntoViewIfNeeded();
  await expect(plot(page)).toBeVisible();
}

async function saved(page: Page, button: Locator): Promise<{ name: string; content: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

test("pictures come when they are near, one tab each, and a link leads to one", async ({
  page,
}) => {
  const scripts = new Set<string>();
  page.on("request", (it) => {
    if (it.resourceType() === "script") scripts.add(it.url());
  });
  await page.setViewportSize({ width: 1_440, height: 300 });
  await page.goto("/leaderboard");
  await page.waitForLoadState("networkidle", { timeout: 5_000 }).catch(() => undefined);
  await expect(figures(page).getByRole("tab")).toHaveCount(0);
  const before = scripts.size;
  await figures(page).scrollIntoViewIfNeeded();
  await expect(figures(page).getByRole("tab")).toHaveText(TABS);
  expect(scripts.size).toBeGreaterThan(before);

  await tab(page, "Scores").focus();
  await page.keyboard.press("ArrowRight");
  await expect(tab(page, "Win rates")).toHaveAttribute("aria-selected", "true");
  await expect(page).toHaveURL(/#figures-win-rates$/);
  const address = page.url();
  await page.setViewportSize({ width: 1_440, height: 900 });
  await page.goto("about:blank");
  await page.goto(address);
  await expect(tab(page, "Win rates")).toHaveAttribute("aria-selected", "true");
  await expect(tab(page, "Win rates")).toBeInViewport();
  await expect(figures(page).getByRole("figure", { name: "Win rates by pair" })).toBeVisible();

  // What was chosen of a picture is in the link to it, also beside what was chosen of the board.
  await figures(page).getByText("Expected by scores").click();
  await expect(page).toHaveURL(/#figures-win-rates\?rates=expected$/);
  await page.getByRole("button", { name: "Retired models" }).click();
  await expect(page).toHaveURL(/\?retired=true#figures-win-rates\?rates=expected$/);
  const chosen = page.url();
  await page.goto("about:blank");
  await page.goto(chosen);
  await expect(
    figures(page).getByRole("figure", { name: "Expected win rates by pair" }),
  ).toBeVisible();
  // A link to another place of the page leaves the pictures as they are.
  await page.getByRole("link", { name: "Your board" }).click();
  await expect(page).toHaveURL(/#your-board$/);
  await expect(page.getByRole("radio", { name: "Expected by scores" })).toBeChecked();
});

test("by keyboard alone: a heat map is read cell by cell", async ({ page }) => {
  await open(page, "#figures-win-rates");
  const { models, votes, expected } = await readPairs();
  const words = figures(page)
    .getByText(/ against /)
    .last();
  await tab(page, "Win rates").focus();
  // The panel's switch of two, then the plot.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("radio", { name: "Observed" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(plot(page)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  const said = figures(page).locator("p[aria-live]");
  await expect(said).toContainText(`${models[1]} against ${models[2]}`);
  await expect(said).toContainText(`Votes ${votes[1]?.[2]}`);
  await expect(said).toContainText(`Expected ${Math.round((expected[1]?.[2] ?? 0) * 100)}`);
  await expect(words).toBeAttached();
  await page.keyboard.press("Escape");
  await expect(said).toBeEmpty();
});

test("a picture's table and files hold what the board's API says", async ({ page }) => {
  await open(page, "#figures-win-rates");
  const { models, wins, expected } = await readPairs();
  const figure = figures(page).getByRole("figure");
  const [one = "", other = ""] = [models[0], models[1]];
  const read = async () => {
    const row = figure.getByRole("row").filter({ has: page.getByRole("rowheader", { name: one }) });
    return (await row.getByRole("cell").allInnerTexts()).map((it) => it.replace("\u202f", " "));
  };
  const percent = (share: number | null | undefined) =>
    share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`;
  // Before it is shown, the table is there for those who do not see the picture.
  expect(await read()).toEqual(models.map((_, at) => (at === 0 ? "–" : percent(wins[0]?.[at]))));
  await figure.getByRole("button", { name: "Show as table" }).click();
  await expect(plot(page)).toHaveCount(0);
  await expect(figure.getByRole("columnheader", { name: other })).toBeVisible();
  await page.getByText("Expected by scores").click();
  await expect
    .poll(read)
    .toEqual(models.map((_, at) => (at === 0 ? "–" : percent(expected[0]?.[at]))));

  const button = (ending: string) =>
    figure.getByRole("button", { name: `Download expected win rates by pair as ${ending}` });
  const csv = await saved(page, button("CSV"));
  expect(csv.name).toBe("expected-win-rates.csv");
  const lines = csv.content.toString().trim().split("\r\n");
  expect(lines[0]).toBe(["Row against column", ...models].join(","));
  expect(lines).toHaveLength(models.length + 1);
  expect(Number(lines[1]?.split(",")[2])).toBeCloseTo(expected[0]?.[1] ?? 0, 3);

  const svg = (await saved(page, button("SVG"))).content.toString();
  // Nothing in it refers to this page: no variables, no classes, colours that every program knows.
  expect(svg).not.toMatch(/var\(|oklch|color-mix|class=/);
  const parsed = await page.evaluate((text) => {
    const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    return {
      name: root.nodeName,
      text: root.textContent ?? "",
      paths: root.querySelectorAll("path").length,
    };
  }, svg);
  expect(parsed.name).toBe("svg");
  expect(parsed.text).toContain("Expected win rates by pair");
  expect(parsed.text).toContain(new URL(url).host);
  expect(parsed.paths).toBeGreaterThan(1);
  const png = await saved(page, button("PNG"));
  expect(png.content.subarray(1, 4).toString()).toBe("PNG");
  expect(png.content.readUInt32BE(16)).toBe(2 * 1_024);
});

test("scores over time: models come and go", async ({ page }) => {
  await open(page, "#figures-history");
  const chosen = figures(page).getByRole("list", { name: "Models in the picture" });
  const before = await chosen.getByRole("listitem").count();
  const last = figures(page).getByRole("combobox", { name: "Add a model to the picture" });
  await last.selectOption("plot/india");
  await expect(chosen.getByRole("listitem")).toHaveCount(before + 1);
  await expect(plot(page)).toHaveAccessibleName(/plot\/india/);
  await chosen.getByRole("button", { name: "Take plot/alpha out of the picture" }).click();
  await expect(plot(page)).not.toHaveAccessibleName(/plot\/alpha/);
  await page.reload();
  await expect(plot(page)).toHaveAccessibleName(/plot\/india/);
  await expect(plot(page)).not.toHaveAccessibleName(/plot\/alpha/);
  const table = figures(page).getByRole("table", { name: "Scores over time" });
  expect(await table.getByRole("row").count()).toBeGreaterThanOrEqual(10);
});

test("a score is set against what was measured, and what was not is said", async ({ page }) => {
  await page.goto("/leaderboard#figures-trade");
  await figures(page).getByText("Price out").click();
  await expect(page.getByRole("radio", { name: "Price out" })).toBeChecked();
  // Nobody has set a price here; of times some may have been measured.
  await expect(figures(page).getByText("No model on this board has a price yet")).toBeVisible();
  await figures(page).getByText("First token").click();
  await expect(plotOrWords(page)).toBeVisible();
  await page.reload();
  await expect(page.getByRole("radio", { name: "First token" })).toBeChecked();
});

test("desk and phone, light and dark: every picture is usable", async ({ page }, info) => {
  test.setTimeout(120_000);
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await open(page);
    for (const name of TABS) {
      await tab(page, name).click();
      await expect(plotOrWords(page)).toBeVisible();
      await figures(page).evaluate((it) => it.scrollIntoView());
      // The board around the pictures is looked at by leaderboard.e2e.ts.
      const file = `${size}-${name.toLowerCase().replaceAll(" ", "-")}.png`;
      await expectUsable(page, info.outputPath(file), "#figures");
    }
    await tab(page, "Win rates").click();
    await figures(page).getByRole("button", { name: "Show as table" }).click();
    await expectUsable(page, info.outputPath(`${size}-table.png`), "#figures");
  }
});
