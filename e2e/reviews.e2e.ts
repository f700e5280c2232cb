/**
 * Goal: a keeper sees a flagged visitor, excludes and restores them, and everybody can read that it was done.
 * Method: a flag and votes put into the database of the platform; afterwards they are gone.
 */
import { expect, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { createId } from "@/lib/util/id";
import { expectUsable, LOOKS } from "./expect-usable";
import { sharedPlatform } from "./platform";

const { url, adminToken, databaseUrl } = sharedPlatform();
const visitorId = createId();
const voter = crypto.randomUUID();

const sql = connect(databaseUrl, { connectionsMax: 1 });

test.beforeAll(async () => {
  const evidence = {
    ...{ version: 1, voter, model: "pico-s", direction: "up", cast: 40, votes: 18 },
    ...{ statistic: 80.1, degrees: 36, threshold: 71.2, pValue: 1.3e-6, alpha: 0.05 },
  };
  await sql`insert into visitors (id, voter) values (${visitorId}, ${voter})`;
  await sql`insert into reviews (id, kind, visitor_id, evidence)
    values (${createId()}, 'anomaly', ${visitorId}, ${sql.json(evidence)})`;
  await sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted)
    select gen_random_uuid(), ${voter}, a.id, b.id, 'a', 0.5, 1, true
    from models a, models b where a.name = 'pico-s' and b.name = 'pico-m'`;
});

test.afterAll(async () => {
  await sql`delete from ballots where voter = ${voter}`;
  await sql`delete from reviews where visitor_id = ${visitorId}`;
  await sql`delete from visitors where id = ${visitorId}`;
  await sql.end();
});

test("a flagged visitor is excluded and restored, and the public log says so", async ({
  page,
}, info) => {
  await page.goto(`${url}/admin/reviews`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workers", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Reviews" }).click();
  const card = page.getByRole("article", { name: "Votes unlike those of others" });
  await expect(card).toContainText("Votes pico-s up more than others do.");
  await expect(card).toContainText("p = 1.3e-6");
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await expectUsable(page, info.outputPath(`reviews-${size}.png`));
  }

  await card.getByRole("button", { name: "Exclude visitor…" }).click();
  const sheet = page.getByRole("dialog", { name: "Exclude this visitor?" });
  await expect(sheet).toContainText("1 vote of theirs no longer counts");
  await sheet.getByRole("button", { name: "Exclude the visitor" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(card).toHaveCount(0);
  await page.getByRole("button", { name: `Restore visitor ${voter}` }).click();
  await expect(page.getByRole("status").filter({ hasText: "1 vote" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Excluded visitors" })).toHaveCount(0);

  const log = await (await fetch(`${url}/api/leaderboard/log`)).json();
  expect(
    log.entries
      .slice(0, 2)
      .map(({ kind, ballots }: { kind: string; ballots: number }) => [kind, ballots]),
  ).toEqual([
    ["visitor-restored", 1],
    ["visitor-excluded", 1],
  ]);
  expect(JSON.stringify(log)).not.toContain(voter);
  await page.goto(`${url}/leaderboard/log`);
  await expect(page.getByText("The exclusion of a visitor was undone.")).toBeVisible();
  await expectUsable(page, info.outputPath("log.png"));
});
