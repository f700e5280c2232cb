/**
 * Goal: a keeper publishes a board, anyone takes its files along and computes the same bytes, and its removal is told.
 * Method: votes put into the database of the platform, which are gone afterwards; the command line as a stranger's.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Download, expect, type Page, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { expectUsable, LOOKS } from "./expect-usable";
import { ROOT, sharedPlatform } from "./platform";

const { url, adminToken, databaseUrl } = sharedPlatform();
/** As many people as have to vote in a language on a day before it is told. */
const voters = Array.from({ length: 6 }, () => crypto.randomUUID());
const sql = connect(databaseUrl, { connectionsMax: 1 });
const folder = mkdtempSync(join(tmpdir(), "parley-boards-"));
const run = promisify(execFile);

test.beforeAll(async () => {
  await sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language, created_at)
    select gen_random_uuid(), voter, a.id, b.id, outcome, 0.5, 1, true, 'eo', now() - interval '1 day'
    from models a, models b,
      unnest(array['a', 'a', 'b', 'tie', 'both-bad', 'a'], ${voters}::uuid[]) as cast_by (outcome, voter)
    where a.name = 'pico-s' and b.name = 'pico-m'`;
});

test.afterAll(async () => {
  await sql`delete from ballots where voter = any(${voters}::uuid[])`;
  await sql.end();
  rmSync(folder, { recursive: true });
});

async function signIn(page: Page) {
  await page.goto(`${url}/admin/boards`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workers", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Boards", exact: true }).click();
}

async function save(download: Download): Promise<string> {
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

/** The command line of this checkout, which knows nothing of the platform but its address. */
const parley = (...words: string[]) =>
  run(process.execPath, [join(ROOT, "cli/parley.mjs"), "leaderboard", ...words], { cwd: folder });

test("a board is published, taken along, computed again to the same bytes, and removed", async ({
  page,
}, info) => {
  // The command line is started twice.
  test.slow();
  await signIn(page);
  await expect(page.getByRole("heading", { name: "Boards", level: 1 })).toBeVisible();
  const title = `In Esperanto ${voters.join().slice(0, 8)}`;
  const form = page.getByRole("form", { name: "Publish a board" });
  await form.getByLabel("Title").fill(title);
  await form.getByLabel("Language of the prompts").fill("eo");
  await form.getByLabel("Period").selectOption("Last 30 days");
  await form.getByRole("button", { name: "Publish the board" }).click();
  const row = page.getByRole("row").filter({ hasText: title });
  await expect(row).toContainText("Overall, Esperanto");
  await expect(form.getByLabel("Title")).toHaveValue("");
  for (const { size, viewport, colorScheme } of LOOKS) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await expectUsable(page, info.outputPath(`boards-${size}.png`));
  }

  const taking = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Board/ }).click();
  const board = await save(await taking);
  const takingVotes = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Votes/ }).click();
  const votes = await save(await takingVotes);
  const told = JSON.parse(readFileSync(board, "utf8"));
  const hash = createHash("sha256").update(readFileSync(votes)).digest("hex");
  expect(told).toMatchObject({ voteCount: 6, votes: { sha256: hash } });
  expect(told.rows.map(({ model }: { model: string }) => model).sort()).toEqual([
    ...["pico-m", "pico-s"],
  ]);
  for (const voter of voters) expect(readFileSync(votes, "utf8")).not.toContain(voter);

  const id = /parley-board-(\w+)\.json/.exec(board)?.[1] ?? "";
  const again = await parley("reproduce", id, "--base-url", url, "--json");
  // One code: of the running platform's bundle, and of the command line's.
  expect(JSON.parse(again.stdout)).toMatchObject({ isSame: true, code: { isSame: true } });
  const byFiles = await parley("reproduce", "--board", board, "--votes", votes);
  expect(byFiles.stdout).toContain("The same bytes.");

  await row.getByRole("button", { name: `Remove ${title}` }).click();
  const sheet = page.getByRole("dialog", { name: "Remove this board?" });
  await sheet.getByLabel("Reason").fill("It was published for a test.");
  await sheet.getByRole("button", { name: "Remove the board" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(row).toHaveCount(0);
  await page.goto(`${url}/leaderboard/log`);
  await expect(page.getByText("It was published for a test.").first()).toBeVisible();
  const gone = await fetch(`${url}/api/leaderboard/published/${id}`);
  expect(gone.status).toBe(404);
});

test("votes are a file for anyone, as lines and as a table", async () => {
  const lines = await fetch(`${url}/api/leaderboard/votes`);
  expect(lines.headers.get("content-disposition")).toContain("parley-votes.jsonl");
  const rows = (await lines.text()).trim().split("\n");
  expect(
    rows.map((row) => JSON.parse(row)).filter((it) => it.language === "Esperanto"),
  ).toHaveLength(6);
  const table = await fetch(`${url}/api/leaderboard/votes?format=parquet`);
  const bytes = Buffer.from(await table.arrayBuffer());
  expect([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()]).toEqual([
    "PAR1",
    "PAR1",
  ]);
  const odd = await fetch(`${url}/api/leaderboard/votes?format=xml`);
  expect(odd.status).toBe(400);
});
