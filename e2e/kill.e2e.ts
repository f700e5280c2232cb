/**
 * Goal: a process killed in the middle loses nothing that was promised.
 * Method: a platform of the test's own, SIGKILL, then look from outside.
 */
import { expect, test } from "@playwright/test";
import { WORKER_STALE_AFTER_MS } from "@/lib/limits";
import { answer, ask, untilVotable, voteButton } from "./pages";
import { type Platform, startPlatform } from "./platform";

let platform: Platform;
test.describe.configure({ timeout: 120_000 });
test.beforeAll(async () => {
  test.setTimeout(200_000);
  platform = await startPlatform();
});
test.afterAll(() => platform.stop());

async function modelNames(): Promise<string[]> {
  // While nobody listens there are no models to be had.
  const reply = await fetch(`${platform.url}/v1/models`).catch(() => undefined);
  if (!reply?.ok) return [];
  return (await reply.json()).data.map((model: { id: string }) => model.id).sort();
}

test("a killed worker's model goes within ten seconds and comes back by itself", async () => {
  const all = await modelNames();
  expect(all).toHaveLength(3);
  const before = platform.children();
  const [, pid] = Object.entries(before).find(([child]) => child.includes("pico-m")) ?? [];
  // A launcher that sleeps cannot start another one, so that the silence is seen.
  process.kill(platform.launcherPid, "SIGSTOP");
  try {
    process.kill(Number(pid), "SIGKILL");
    const others = all.filter((name) => name !== "pico-m");
    await expect.poll(modelNames, { timeout: WORKER_STALE_AFTER_MS + 2_000 }).toEqual(others);
  } finally {
    process.kill(platform.launcherPid, "SIGCONT");
  }
  await expect.poll(modelNames, { timeout: 20_000 }).toEqual(all);
  const reply = await fetch(`${platform.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "pico-m", messages: [{ role: "user", content: "Hello." }] }),
  });
  expect(reply.status).toBe(200);
});

test("web killed in the middle of an answer: the vote and both conversations are intact", async ({
  page,
}) => {
  await page.goto(platform.url);
  await ask(page, "What is the opposite of brave?");
  await untilVotable(page);
  await voteButton(page, "Tie").click();
  await expect(page.getByRole("region", { name: "The outcome" })).toBeVisible();
  const voted = page.url();
  const text = await answer(page, "A").locator("p").first().innerText();

  await page.goto(platform.url);
  const prompt = "Tell me a story about a robot and a lantern.";
  await ask(page, prompt);
  await expect(page).toHaveURL(/\/battle\//);
  const interrupted = page.url();
  process.kill(Number(platform.children().web), "SIGKILL");

  await expect.poll(modelNames, { timeout: 30_000 }).toHaveLength(3);
  await page.goto(voted);
  await expect(answer(page, "A")).toContainText(text.slice(0, 20));
  await expect(answer(page, "A")).toContainText(/pico-[sml]/);
  await page.goto(interrupted);
  await expect(page.locator("main")).toContainText(prompt);
  expect((await (await fetch(`${platform.url}/api/leaderboard`)).json()).voteCount).toBe(1);
});
