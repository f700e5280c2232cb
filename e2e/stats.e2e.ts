/**
 * Goal: the page of statistics shows days, outcomes and languages to everybody, keeps small numbers to itself, and
 * gives its tables along. Method: real browsers, sums of past days put into the database of the platform.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { expectUsable, LOOKS } from "./expect-usable";
import { sharedPlatform } from "./platform";

const { url, databaseUrl } = sharedPlatform();
const sql = connect(databaseUrl, { connectionsMax: 1 });
/** Of the newest it is told that there were some. */
const VOTES = [40, 25, 60, 3];
const dayAgo = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

test.beforeAll(async () => {
  await sql`delete from site_days`;
  for (const [at, votes] of VOTES.entries()) {
    const sums = {
      ...{ calls: votes * 4, battles: votes + 9, votes, visitors: Math.ceil(votes / 5) },
      ...{ "outcome:a": Math.floor(votes / 2), "outcome:b": Math.floor(votes / 4) },
      ...{ "outcome:tie": votes - Math.floor(votes / 2) - Math.floor(votes / 4) },
      ...{ "language:de": Math.floor(votes / 2), "language:other": Math.ceil(votes / 2) },
    };
    for (const [what, count] of Object.entries(sums)) {
      await sql`insert into site_days (day, what, count)
        values (${dayAgo(VOTES.length - at)}, ${what}, ${count})`;
    }
  }
});

test.afterAll(async () => {
  await sql`delete from site_days`;
  await sql.end();
});

test("it is usable by everyone, at desk and phone, light and dark", async ({ browser }, info) => {
  for (const { size, viewport, colorScheme } of LOOKS) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${url}/stats`);
    await expect(page.getByRole("heading", { level: 1, name: "Numbers" })).toBeVisible();
    // The day of three votes is in no sum, which therefore is the least there were; others voted here today.
    const votes = page
      .getByRole("definition")
      .filter({ hasText: /^[\d\s]+\+$/ })
      .first();
    await expect(votes).toBeVisible();
    expect(Number((await votes.innerText()).replaceAll(/\D/g, ""))).toBeGreaterThanOrEqual(125);
    await expect(page.getByRole("figure", { name: "Languages" })).toContainText("German");
    await expect(page.getByRole("figure", { name: "How votes come out" })).toContainText(
      "with a winner",
    );
    await expectUsable(page, info.outputPath(`${size}-${colorScheme}.png`));
    await page.screenshot({ path: info.outputPath(`${size}-whole.png`), fullPage: true });
    await context.close();
  }
});

test("days are read by keyboard, as a table and as a file", async ({ page }) => {
  await page.goto(`${url}/stats?days=30`);
  await expect(page.getByRole("radio", { name: "30 days" })).toBeChecked();
  const figure = page.getByRole("figure", { name: "Day by day" });
  await figure.getByRole("application").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await expect(figure.getByText("fewer than 5", { exact: true })).toBeVisible();
  await figure.getByRole("button", { name: "Show as table" }).press("Enter");
  const row = figure.getByRole("row", { name: new RegExp(dayAgo(1)) });
  await expect(row.getByRole("cell").first()).toHaveText("<5");
  const downloading = page.waitForEvent("download");
  await figure.getByRole("button", { name: "Download day by day as CSV" }).click();
  const text = readFileSync(await (await downloading).path(), "utf8");
  expect(text.split("\r\n")[0]).toBe("Day (UTC),Votes,Battles,Visitors,Calls");
  expect(text).toContain(`${dayAgo(2)},60,69,12,240\r\n`);
  expect(text).toContain(`${dayAgo(1)},<5,<5,<5,<5\r\n`);
  await page.getByText("365 days").click();
  await expect(page).toHaveURL(`${url}/stats?days=365`);
  await page.reload();
  await expect(page.getByRole("radio", { name: "365 days" })).toBeChecked();
});

test("the API tells what the page does, and refuses what it does not understand", async ({
  request,
}) => {
  const { days } = await (await request.get(`${url}/api/stats?days=3`)).json();
  expect(days.map((it: { day: string }) => it.day)).toEqual([2, 1, 0].map(dayAgo));
  expect(days[1].votes).toBeNull();
  for (const query of ["days=0", "days=367", "days=x", "day=3"]) {
    const reply = await request.get(`${url}/api/stats?${query}`);
    expect(reply.status(), query).toBe(400);
    expect((await reply.json()).error.param).toBe(query.split("=")[0]);
  }
});
