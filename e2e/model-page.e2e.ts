/**
 * Goal: a model's page tells what the board and its ledger say of it, to everybody and by keyboard, and nothing of a
 * model whose name is told to nobody. Method: real browsers; votes, a private model and ledgers put into the
 * database of the platform.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { changeRules } from "./arena-rules";
import { expectUsable, LOOKS } from "./expect-usable";
import { sharedPlatform } from "./platform";

const platform = sharedPlatform();
const { url, adminToken, databaseUrl } = platform;
const sql = connect(databaseUrl, { connectionsMax: 1 });
const voter = crypto.randomUUID();
// Ledgers stay, and so would what an attempt before this one has left in them.
const unique = voter.slice(0, 8);
const SECRET = `e2e/secret-${unique}`;
const OLD = `e2e/old~${unique}`;
const OLD_ADDRESS = `/models/e2e~1old~0${unique}`;
const LABS = `Labs ${unique}`;
let before: Awaited<ReturnType<typeof changeRules>>;

test.beforeAll(async () => {
  for (const name of [SECRET, OLD]) {
    await sql`insert into models (id, name, description, created_at)
      values (gen_random_uuid(), ${name},
        jsonb_build_object('organization', ${LABS}::text, 'licence', 'mit'), now() - interval '9 days')`;
    await sql`insert into model_ledger (id, model_id, kind, facts, created_at)
      select gen_random_uuid(), id, 'first-battle', '{"votes": 0}', now() - interval '8 days' from models
      where name = ${name}`;
  }
  // Enough on each pair that all of them are rated, and no model is unbeaten.
  await sql`insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted)
    select gen_random_uuid(), ${voter}, a.id, b.id, (array['a', 'a', 'b', 'tie'])[1 + n % 4], 0.5, 1, true
    from models a, models b, generate_series(1, 12) n
    where a.name in ('pico-s', 'pico-m', ${OLD}) and b.name in ('pico-s', 'pico-m', 'pico-l', ${OLD})
      and a.name <> b.name`;
  before = await changeRules(platform, (settings) => ({
    ...settings,
    sampling: {
      ...settings.sampling,
      models: [
        ...settings.sampling.models,
        {
          ...{ model: SECRET, weight: 1, boost: 1, targets: [], targetShare: 0.5 },
          ...{ strictTargets: [], isAnonymousOnly: true, isOut: false },
        },
      ],
    },
  }));
  await untilRated(OLD_ADDRESS);
});

test.afterAll(async () => {
  // Boards hear of ballots that change, and of none that vanish.
  await sql`update ballots set counted = false, uncounted_reason = 'excluded-visitor'
    where voter = ${voter}`;
  await changeRules(platform, (settings) => ({ ...settings, sampling: before.sampling }));
  await sql.end();
});

/** The change of rules has had the boards computed anew; they hold the votes a moment later. */
async function untilRated(address: string): Promise<void> {
  await expect(async () => {
    const page = await (await fetch(`${url}/api${address}`)).json();
    expect(page.places[0]?.status).toBe("rated");
    expect(page.opponents.length).toBeGreaterThan(1);
  }).toPass({ timeout: 30_000 });
}

test("the page of a model is reached from the list and tells all of it, usable by everyone", async ({
  browser,
}, info) => {
  for (const { size, viewport, colorScheme } of LOOKS) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${url}/models`);
    await page.getByRole("region", { name: "Asleep" }).getByRole("link", { name: OLD }).click();
    await expect(page).toHaveURL(`${url}${OLD_ADDRESS}`);
    await expect(page.getByRole("heading", { level: 1, name: OLD })).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(OLD));
    const places = page.getByRole("region", { name: "On the boards" });
    await expect(places.getByRole("row", { name: /^Overall/ })).toBeVisible();
    const opponents = page.getByRole("region", { name: "Against each opponent" });
    await expect(opponents.getByRole("link", { name: "pico-m" })).toBeVisible();
    await expect(page.getByRole("figure", { name: "Score by day" })).toBeVisible();
    const variants = page.getByRole("region", { name: `All of ${LABS}` });
    await expect(variants.getByRole("row", { name: /private variant/ })).toContainText("< 100");
    await page.evaluate(() => window.scrollTo(0, 0));
    await expectUsable(page, info.outputPath(`${size}-${colorScheme}.png`));
    await page.screenshot({ path: info.outputPath(`${size}-whole.png`), fullPage: true });
    await context.close();
  }
});

test("opponents are read as a table by keyboard and taken along as a file", async ({ page }) => {
  await page.goto(`${url}${OLD_ADDRESS}`);
  const section = page.getByRole("region", { name: "Against each opponent" });
  const asTable = section.getByRole("button", { name: "Show as table" });
  await asTable.focus();
  await page.keyboard.press("Enter");
  const row = section.getByRole("row", { name: /^pico-m/ });
  await expect(row.getByRole("cell").first()).toHaveText("24");
  const downloading = page.waitForEvent("download");
  await section.getByRole("button", { name: "Download the opponents as CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`e2e-old-${unique}-opponents.csv`);
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(lines[0]).toBe("Opponent,Votes,Won,Lost,Tied,Share won,Expected");
  const [, votes, won, lost, tied] = (lines.find((it) => it.startsWith("pico-m")) ?? "").split(",");
  expect(Number(won) + Number(lost) + Number(tied)).toBe(Number(votes));
});

test("a name that nobody is told has no page, as a name that nobody has", async ({ page }) => {
  for (const slug of [SECRET.replace("/", "~1"), "e2e~1no-such-model"]) {
    const answered = await page.goto(`${url}/models/${slug}`);
    expect(answered?.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const reply = await page.request.get(`${url}/api/models/${slug}`);
    expect(reply.status()).toBe(404);
    expect((await reply.json()).error.code).toBe("model-not-found");
  }
  for (const path of [`/api${OLD_ADDRESS}`, OLD_ADDRESS, "/leaderboard/log", "/models"]) {
    const text = await (await page.request.get(url + path)).text();
    expect(text.includes(`secret-${unique}`), path).toBe(false);
  }
  const log = await (await page.request.get(`${url}/api/leaderboard/log`)).text();
  expect(log).toContain(`A private model of ${LABS} was in its first battle.`);
});

test("an operator retires a model, which its page, the log and the list of keepers say", async ({
  page,
}) => {
  await page.goto(`${url}/admin/models`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workers", level: 1 })).toBeVisible();
  await page.goto(`${url}/admin/models`);
  await page.getByRole("button", { name: `Retire ${OLD}` }).click();
  const sheet = page.getByRole("dialog", { name: `Retire ${OLD}?` });
  await sheet.getByRole("button", { name: "Retire the model" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(page.getByRole("row", { name: new RegExp(OLD) })).toContainText("retired");
  await page.goto(`${url}${OLD_ADDRESS}`);
  await expect(page.getByText("Retired: it is drawn for no battle any more.")).toBeVisible();
  const ledger = page.getByRole("region", { name: "Ledger" }).getByRole("listitem");
  await expect(ledger.first()).toContainText("Retired by the operator");
  await expect(ledger.first()).toContainText("counted votes");
  await expect(ledger.last()).toContainText("Registered");
  await page.goto(`${url}/leaderboard/log`);
  await expect(
    page.getByText(`The model ${OLD} was retired by the operator`).first(),
  ).toBeVisible();
  await page.goto(`${url}/admin/models`);
  await page.getByRole("button", { name: `Bring ${OLD} back` }).click();
  await page.getByRole("button", { name: "Bring it back" }).click();
  await expect(page.getByRole("button", { name: `Retire ${OLD}` })).toBeVisible();
});
