/**
 * Goal: the board is what its address says, moves when somebody votes elsewhere, and gives its numbers away;
 * by mouse, by keyboard alone, at desk and phone, light and dark.
 * Method: ballots on models of the test's own in the database of the platform, and one real vote, after which
 * every board is computed anew. Afterwards the ballots no longer count.
 */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { publishedListSchema } from "@/lib/protocol/published-view";
import { createId } from "@/lib/util/id";
import { expectUsable, LOOKS, SIZES } from "./expect-usable";
import { ask, untilVotable, voteButton } from "./pages";
import { sharedPlatform } from "./platform";

const { url, adminToken, databaseUrl } = sharedPlatform();
const sql = connect(databaseUrl, { connectionsMax: 1 });
const voter = crypto.randomUUID();

/** The best first. */
const MODELS = [
  { name: "board/alpha", organization: "Alpha Works", hasOpenWeights: false },
  { name: "board/bravo", organization: "Bravo Lab", hasOpenWeights: true },
  { name: "board/charlie", organization: "Bravo Lab", hasOpenWeights: true },
  { name: "board/delta", organization: "Alpha Works", hasOpenWeights: true },
  { name: "board/echo-retired", organization: "Alpha Works", hasOpenWeights: true },
  { name: "board/foxtrot", organization: "Foxtrot", hasOpenWeights: true },
];
const VOTES_A_PAIR = 60;

test.beforeAll(async () => {
  for (const { name, organization, hasOpenWeights } of MODELS) {
    const description = {
      ...{ organization, hasOpenWeights, licence: hasOpenWeights ? "apache-2.0" : "Proprietary" },
      ...{ skills: [], examplePrompts: [] },
    };
    await sql`insert into models (id, name, description, retired_at)
      values (${createId()}, ${name}, ${sql.json(description)},
        ${name.includes("retired") ? new Date() : null})
      on conflict (name) do update set description = excluded.description`;
  }
  const pairs = MODELS.flatMap(({ name: one }, at) =>
    MODELS.slice(at + 1).map(({ name: other }, apart) => ({ one, other, apart })),
  );
  const tied = ["pico-s", "pico-m", "pico-l"].map((other, apart) => ({
    ...{ one: "board/charlie", other, apart },
  }));
  for (const { one, other, apart } of [...pairs, ...tied]) {
    // The better one wins the more, the further apart they are; every sixth vote is a tie.
    await sql`insert into ballots
      (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language, labels, facts, created_at)
      select gen_random_uuid(), ${voter}, a.id, b.id,
        case when i % 6 = 0 then 'tie' when i % 10 < ${6 + apart} then 'a' else 'b' end,
        0.5, 1, true, case when i % 3 = 0 then 'de' else 'en' end,
        case when i % 2 = 0 then array['coding'] else array[]::text[] end,
        jsonb_build_object('version', 1,
          'a', jsonb_build_object('tokens', 90 + i * 7 % 50, 'characters', 400, 'headers', i % 4,
            'lists', i % 7, 'bold', i % 3, 'codeBlocks', 0),
          'b', jsonb_build_object('tokens', 90 + i * 11 % 60, 'characters', 400, 'headers', i % 3,
            'lists', i % 5, 'bold', i % 4, 'codeBlocks', 0),
          'prompt', jsonb_build_object('characters', 60, 'hasCode', false, 'hasMath', false)),
        -- Public files end with yesterday.
        now() - interval '2 days'
      from models a, models b, generate_series(1, ${VOTES_A_PAIR}) i
      where a.name = ${one} and b.name = ${other}`;
  }
});

test.afterAll(async () => {
  // As votes are taken out of boards elsewhere: rows stay.
  await sql`update ballots set counted = false, uncounted_reason = 'too-many' where voter = ${voter}`;
  await sql.end();
});

// The vote of the first test has every board computed, for the others as well.
test.describe.configure({ mode: "serial" });

const board = (page: Page) => page.getByRole("table").first();
const rows = (page: Page) => board(page).locator("tbody > tr[data-row^='board/']");

async function readOrder(page: Page): Promise<string[]> {
  return rows(page).locator("th").getByRole("link").allInnerTexts();
}

/** Votes on what the visitor is given. */
async function vote(page: Page): Promise<void> {
  await page.goto("/");
  await ask(page, "What is the opposite of brave?");
  await untilVotable(page);
  await voteButton(page, "A is better").click();
  await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
}

test("a vote in one browser moves the live board in another, which keeps what is open", async ({
  browser,
}, info) => {
  const voting = await (await browser.newContext({ baseURL: url })).newPage();
  await vote(voting);
  const reader = await (await browser.newContext()).newPage();
  await reader.goto(`${url}/leaderboard`);
  await expect(rows(reader)).toHaveCount(MODELS.length - 1);
  expect((await readOrder(reader))[0]).toBe("board/alpha");

  await board(reader).getByRole("button", { name: "More about board/alpha" }).click();
  const opened = board(reader)
    .getByRole("region", { name: /opponents/i })
    .first();
  await expect(opened).toContainText("board/foxtrot");
  const mark = await reader.evaluate(() => {
    Object.assign(window, { isSamePage: true });
    return document.activeElement?.getAttribute("aria-label");
  });
  expect(mark).toBe("More about board/alpha");
  // Charlie wins often enough, all at once, to lead; a vote tells the board to look.
  await sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language)
    select gen_random_uuid(), ${voter}, a.id, b.id, 'a', 0.5, 1, true, 'en'
    from models a, models b, generate_series(1, 200) i
    where a.name = 'board/charlie' and b.name = 'board/alpha'`;
  await vote(voting);
  await expect.poll(async () => (await readOrder(reader))[0]).toBe("board/charlie");
  await expect(
    reader.getByRole("status").filter({ hasText: "The board was updated" }),
  ).toContainText("board/charlie now leads");
  await expect(opened).toBeVisible();
  expect(
    await reader.evaluate(() => [
      Reflect.get(window, "isSamePage"),
      document.activeElement?.getAttribute("aria-label"),
    ]),
  ).toEqual([true, "More about board/alpha"]);
  await reader.screenshot({ path: info.outputPath("live.png") });

  await voting.goto("/leaderboard");
  const own = voting.getByRole("region", { name: "Your board", exact: true });
  await expect(own).toContainText("From your 2 blind votes");
  await expect(own.getByRole("row").filter({ hasText: "pico-" }).first()).toBeVisible();
  const nobody = reader.getByRole("region", { name: "Your board", exact: true });
  await expect(nobody.getByRole("link", { name: "Start a battle" })).toBeVisible();
});

test("switches stand in the address, which the server draws and back leads through", async ({
  page,
}) => {
  await page.goto("/leaderboard");
  await page.getByRole("link", { name: "Coding", exact: true }).click();
  await expect(page).toHaveURL(/\/leaderboard\/coding$/);
  await expect(page).toHaveTitle("Coding · Leaderboard · Parley");
  await expect(page.getByText("Votes on prompts with code")).toBeVisible();
  await page.getByLabel("Period").selectOption("Last 30 days");
  await page.getByRole("button", { name: "Retired models" }).click();
  await expect(page).toHaveURL(/coding\?period=30d&retired=true$/);
  await expect(rows(page)).toHaveCount(MODELS.length);
  await page.getByLabel("Organisation").selectOption("Bravo Lab");
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Votes" }).click();
  await expect(page).toHaveURL(/organization=Bravo\+Lab&sort=-votes$/);

  // The server alone: no script has run in what it sends.
  const html = await (await page.request.get(page.url())).text();
  expect(html).toContain("board/bravo");
  expect(html).not.toContain("More about board/alpha");
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Retired models" })).toHaveAttribute(
    "aria-pressed",
    "true",
  );

  await page.goBack();
  await expect(page).toHaveURL(/organization=Bravo\+Lab$/);
  await expect(page.getByText("computed")).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/coding\?period=30d&retired=true$/);
  await expect(rows(page)).toHaveCount(MODELS.length);
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(/\/leaderboard$/);
  await expect(page.getByRole("link", { name: "Overall", exact: true })).toHaveAttribute(
    "aria-current",
    "page",
  );

  await page.getByRole("button", { name: "Open weights" }).click();
  await expect(rows(page)).not.toContainText(["board/alpha"]);
  await page.getByRole("searchbox", { name: "Find a model" }).filter({ visible: true }).fill("fox");
  await expect(page).toHaveURL(/open=true&search=fox$/);
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("link", { name: "board/foxtrot" }).first().click();
  await expect(page).toHaveURL(/\/models\/board~1foxtrot$/);
  await page.goBack();
  await expect(page).toHaveURL(/open=true&search=fox$/);
  await expect(rows(page)).toHaveCount(1);

  await page.goto("/leaderboard?period=yesterday&sort=-votes");
  await expect(page.getByText("“yesterday” in the address is no period.")).toBeVisible();
  expect((await page.request.get("/leaderboard/astrology")).status()).toBe(404);
});

test("days of one's own are computed when they are asked for", async ({ page }) => {
  await page.goto("/leaderboard");
  await page.getByLabel("Period").selectOption("Own days…");
  const form = page.getByRole("form", { name: "Own days" });
  await form.getByLabel("First day").fill("2026-05-02");
  await form.getByLabel("Last day").fill("2026-05-01");
  await form.getByRole("button", { name: "Show these days" }).click();
  await expect(form.getByRole("alert")).toContainText("before the first");
  const today = new Date().toISOString().slice(0, 10);
  await form.getByLabel("First day").fill("2025-01-01");
  await form.getByLabel("Last day").fill(today);
  await form.getByRole("button", { name: "Show these days" }).click();
  await expect(page).toHaveURL(new RegExp(`period=2025-01-01..${today}$`));
  await expect(rows(page)).toHaveCount(MODELS.length - 1);

  // Nobody has asked for these yet: what the server draws says nothing of votes that it has not looked at.
  const shared = "/leaderboard/coding?period=2025-01-01..2025-12-30";
  const html = await (await page.request.get(shared)).text();
  expect(html).toContain("Loading the board");
  expect(html).not.toContain("No vote in");
  await page.goto(`/leaderboard/coding?period=2025-01-02..${today}`);
  await expect(rows(page)).toHaveCount(MODELS.length - 1);
});

test("files hold what the board shows, and every vote without its voter", async ({ page }) => {
  await page.goto("/leaderboard/coding");
  const read = async (name: string): Promise<Buffer> => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name }).click(),
    ]);
    return readFileSync(await download.path());
  };
  await page.getByRole("button", { name: "Download" }).first().click();
  const csv = (await read("This board as CSV")).toString();
  expect(csv.split("\n")[0]).toContain("model");
  expect(csv).toContain("board/foxtrot");
  const json = JSON.parse((await read("This board as JSON")).toString());
  expect(JSON.stringify(json)).toContain('"category":"coding"');
  const lines = (await read("The votes as JSONL")).toString().trim().split("\n");
  const pairs = (MODELS.length * (MODELS.length - 1)) / 2 + 3;
  expect(lines.length).toBeGreaterThanOrEqual(pairs * VOTES_A_PAIR);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ model_a: expect.any(String) });
  expect(lines.join("")).not.toContain(voter);
  expect((await read("The votes as Parquet")).subarray(0, 4).toString()).toBe("PAR1");
});

test("by keyboard alone: sort, open a row, choose columns", async ({ page }) => {
  await page.goto("/leaderboard");
  const { keyboard } = page;
  const to = async (name: string) => {
    for (let step = 0; step < 80; step++) {
      await keyboard.press("Tab");
      const isThere = await page.evaluate((wanted) => {
        const it = document.activeElement;
        const label = it instanceof HTMLInputElement ? it.labels?.[0]?.textContent : null;
        const text = label ?? it?.getAttribute("aria-label") ?? it?.textContent ?? "";
        return text.trim().startsWith(wanted);
      }, name);
      if (isThere) return;
    }
    throw new Error(`Tab does not lead to “${name}”.`);
  };
  await to("Columns");
  await keyboard.press("Enter");
  // Not as narrow as its button, where its labels would lie over each other.
  const panel = await page.getByRole("region", { name: "Columns" }).boundingBox();
  expect(panel?.width).toBeGreaterThan(250);
  await to("Won");
  await keyboard.press("Space");
  await expect(page).toHaveURL(/columns=.*won/);
  await keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Columns" })).toBeFocused();
  await expect(page.getByRole("columnheader", { name: "Won" })).toBeVisible();
  await to("Won");
  await keyboard.press("Enter");
  await expect(page.getByRole("columnheader", { name: "Won" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  await to("More about board/");
  await keyboard.press("Enter");
  await expect(page.getByRole("link", { name: /^All about board\// })).toBeVisible();
});

test("a published board is frozen, and says how to compute it again", async ({ browser }, info) => {
  // Another run may have published one before.
  const title = `Board of ${voter.slice(0, 8)}`;
  const id = await publish(title, "coding");
  const page = await (await browser.newContext({ baseURL: url })).newPage();
  await page.goto(`/leaderboard/published/${id}`);
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await expect(page.locator("main")).toContainText("it does not change any more");
  await expect(
    page.getByText(`npx parley leaderboard reproduce ${id} --base-url ${url}`),
  ).toBeVisible();
  await expect(rows(page)).toHaveCount(MODELS.length);
  await inEachLook(page, (name) => info.outputPath(`published-${name}.png`));
  await page.goto("/leaderboard");
  await expect(page.getByRole("link", { name: title })).toBeVisible();
});

test("the overview tells every column apart and leads to its board", async ({ page }, info) => {
  await page.goto("/leaderboard/overview");
  await expect(page.getByRole("columnheader", { name: /Coding/ })).toBeVisible();
  await page.getByLabel("In the cells").selectOption("Scores");
  await page.getByRole("button", { name: "Coding" }).click();
  await expect(page).toHaveURL(/show=score&sort=coding%40all$/);
  const row = page.getByRole("row").filter({ hasText: "board/alpha" });
  await expect(row.getByRole("cell").first()).toContainText(/1[\u202f]?\d{3}/);
  await inEachLook(page, (name) => info.outputPath(`overview-${name}.png`));
  await page.getByRole("link", { name: /^The board: Coding/ }).click();
  await expect(page).toHaveURL(/\/leaderboard\/coding$/);
});

test("desk and phone, light and dark: usable, style control in words, no sideways scroll", async ({
  page,
}, info) => {
  await page.goto("/leaderboard?style=true&retired=true");
  await expect(rows(page)).toHaveCount(MODELS.length);
  await expect(page.getByRole("heading", { name: "What style control takes out" })).toBeVisible();
  await board(page).getByRole("button", { name: "More about board/bravo" }).click();
  await expect(page.getByRole("region", { name: /opponents/i }).first()).toBeVisible();
  await inEachLook(page, (name) => info.outputPath(`board-${name}.png`));
  await page.setViewportSize(SIZES.phone);
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("checkbox", { name: "Tied" }).check();
  await expect(board(page).getByRole("columnheader", { name: "Tied" })).toBeAttached();
  await expectUsable(page, info.outputPath("columns-phone.png"));
});

async function inEachLook(page: Page, picture: (name: string) => string): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    // Half under the page's head a link is smaller than it is.
    await page.evaluate(() => window.scrollTo(0, 0));
    await expectUsable(page, picture(size));
  }
}

/** As a keeper does; resolves with the board's id. */
async function publish(title: string, category: string): Promise<string> {
  const headers = { origin: url, "content-type": "application/json" };
  const session = await fetch(`${url}/api/session`, {
    ...{ method: "POST", headers, body: JSON.stringify({ token: adminToken }) },
  });
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  const asked = await fetch(`${url}/api/admin/boards`, {
    ...{
      method: "POST",
      headers: { ...headers, cookie },
      body: JSON.stringify({ title, category }),
    },
  });
  expect(asked.status).toBe(202);
  let id: string | undefined;
  await expect
    .poll(async () => {
      const reply = await fetch(`${url}/api/leaderboard/published`);
      id = publishedListSchema
        .parse(await reply.json())
        .boards.find((it) => it.title === title)?.id;
      return id;
    })
    .toBeDefined();
  return id ?? "";
}
