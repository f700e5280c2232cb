/**
 * Goal: what battles are about can be read by everybody: topics, their parts, examples and boards, by mouse and keys,
 * at desk and phone, and an address opens what it names. Method: battles of the test's own are written into the
 * platform's database and sorted by the command that operators have.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { openDatabase } from "@/lib/db/client";
import { models } from "@/lib/db/schema/models";
import { createTestBattles, createTestVisitors } from "@/lib/db/testing-battles";
import { createId } from "@/lib/util/id";
import { expectUsable, LOOKS } from "./expect-usable";
import { type Platform, ROOT, startPlatform } from "./platform";

const SUBJECTS: Record<string, readonly string[]> = {
  cooking: [
    "How do I keep pasta from sticking, and which tomato sauce goes with it?",
    "My bread does not rise. Is it the yeast, the flour or the oven?",
    "Give me a recipe for onion soup with cheese and bread",
    "Which spices belong in a chicken curry with rice?",
    "Can I bake bread without yeast, with baking powder and flour?",
    "How long does garlic tomato sauce keep in the fridge?",
    "What sauce goes with salmon, rice and spinach?",
    "A recipe for a chocolate cake without flour or butter, please",
  ],
  python: [
    "Write a Python function that merges two sorted lists",
    "Why does my Python loop over a dictionary raise an exception?",
    "Read a CSV file with pandas and sort its columns in Python",
    "Explain list comprehension in Python with an example function",
    "How do I catch an exception in a Python function and log it?",
    "Sort a dictionary by value in Python",
    "Which pandas function drops duplicate rows of a data frame?",
    "Write unit tests for a Python class that parses dates",
  ],
  travel: [
    "Plan a weekend in Rome with museums and good food near the hotel",
    "Three days in Kyoto: temples, gardens and a quiet hotel",
    "Which museums in Paris are open on Monday?",
    "Train or flight from Paris to Rome for a weekend trip?",
    "What should I pack for a hiking trip in Norway in October?",
    "Is a visa needed for a short trip to Japan, and how long is the flight?",
    "Cheap hotel near the beach in Portugal for a family trip",
    "An itinerary of temples and museums for a week in Japan",
  ],
  poems: [
    "Write a poem about autumn and the sea that rhymes",
    "A haiku about the moon over a frozen lake",
    "Write a sonnet on the sea at night, with a rhyme in each verse",
    "Compose a limerick about a cat on the moon",
    "A short story about a fox and the moon, for children",
    "Write a poem without rhyme about rain in the city",
    "Continue this verse: the autumn moon, the quiet sea",
    "A bedtime story about a cat who is afraid of rain",
  ],
};

let platform: Platform;
let folder: string;
test.beforeAll(async () => {
  test.setTimeout(120_000);
  // No model has to answer here.
  folder = mkdtempSync(join(tmpdir(), "parley-e2e-"));
  platform = await startPlatform({ PARLEY_MODELS: folder });
});
test.afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true });
});

async function seed(): Promise<void> {
  const { db, close } = openDatabase(platform.databaseUrl, { connectionsMax: 2 });
  try {
    const named = ["north-7b", "harbour-2", "quill-mini"].map((name) => ({
      ...{ id: createId(), name, description: {} },
    }));
    await db.insert(models).values(named);
    const visitors = await createTestVisitors(db, { count: 11 });
    const prompts = Object.values(SUBJECTS).flatMap((all) => [...all, ...all, ...all]);
    await createTestBattles(
      db,
      prompts.map((prompt, index) => ({
        prompt: index % 9 === 0 ? `${prompt} Answer to someone@example.org` : prompt,
        visitorId: visitors[(index * 5) % 11] ?? "",
        modelA: named[index % 3]?.id ?? "",
        modelB: named[(index + 1) % 3]?.id ?? "",
        outcome: (["a", "b", "a", "tie", "a"] as const)[index % 5] ?? "a",
        language: "en",
      })),
    );
  } finally {
    await close();
  }
}

const sort = () =>
  execFileSync(
    process.execPath,
    [join(ROOT, "cli/parley.mjs"), "leaderboard", "topics", "--json"],
    {
      cwd: ROOT,
      encoding: "utf8",
      env: { ...process.env, DATABASE_URL: platform.databaseUrl },
    },
  );

test("topics are browsed, searched and shared", async ({ page }, info) => {
  const url = `${platform.url}/explore`;
  await page.goto(url);
  await expect(page.getByRole("heading", { name: "No topics yet" })).toBeVisible();
  await expectUsable(page, info.outputPath("empty.png"));
  await seed();
  expect(JSON.parse(sort())).toMatchObject({ outcome: "sorted", prompts: 96 });
  await page.goto(url);
  const rows = page.getByRole("list", { name: "Topics, the largest first" }).getByRole("heading");
  const count = await rows.count();
  expect(count).toBeGreaterThanOrEqual(3);
  // By keys alone.
  // What each topic is called depends on how so few prompts fall; one is about programs in any case.
  const topic = page.getByRole("button", { name: /python/i }).first();
  await topic.focus();
  await page.keyboard.press("Enter");
  await expect(topic).toHaveAttribute("aria-expanded", "true");
  const examples = page.getByRole("region", { name: "Examples" });
  await expect(examples.getByRole("listitem").first()).toBeVisible();
  expect(await examples.innerText()).not.toContain("someone@example.org");
  const board = page.getByRole("region", { name: "Board", exact: true });
  await expect(board.getByRole("link", { name: "north-7b" })).toBeVisible();
  expect(page.url()).toContain("?topic=");
  const shared = page.url();
  const [last = ""] = (await rows.last().innerText()).split("\n");
  await page.getByRole("searchbox", { name: "Find a topic" }).fill(last);
  await expect(rows).toContainText([last]);
  expect(new URL(page.url()).searchParams.get("q")).toBe(last);
  await page.getByRole("searchbox", { name: "Find a topic" }).fill("zzz");
  await expect(page.getByText("No topic is called")).toBeVisible();
  await page.getByRole("searchbox", { name: "Find a topic" }).fill("");
  await page.getByRole("button", { name: "Show as table" }).click();
  await expect(page.getByRole("columnheader", { name: "Questions" })).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as CSV" }).click();
  expect((await download).suggestedFilename()).toBe("parley-topics.csv");
  // What one sees another one sees.
  await page.goto(shared);
  await expect(page.getByRole("region", { name: "Examples" })).toBeVisible();
  // Sorted anew meanwhile: the address says nothing any more.
  sort();
  await page.goto(shared);
  await expect(page.getByText("is gone: prompts were sorted anew")).toBeVisible();
});

for (const { size, viewport, colorScheme } of LOOKS) {
  test.describe(`${size}, ${colorScheme}`, () => {
    test.use({ viewport, colorScheme, contextOptions: { reducedMotion: "reduce" } });
    test("usable open and closed", async ({ page }, info) => {
      await page.goto(`${platform.url}/explore`);
      await page.evaluate(() => document.fonts.ready);
      await expectUsable(page, info.outputPath("list.png"));
      await page.getByRole("list", { name: "Topics" }).getByRole("button").first().click();
      await expect(page.getByRole("region", { name: "Board", exact: true })).toBeVisible();
      await expectUsable(page, info.outputPath("open.png"));
      await page.getByRole("button", { name: "Show as table" }).click();
      await expectUsable(page, info.outputPath("table.png"));
    });
  });
}
