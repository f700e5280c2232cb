/**
 * Goal: a process killed in the middle loses nothing that was promised.
 * Method: a platform of the test's own, SIGKILL, then look from outside.
 */
import { expect, test } from "@playwright/test";
import { WORKER_STALE_AFTER_MS } from "@/lib/fleet-limits";
import { ANSWER_STALE_AFTER_MS, USAGE_FLUSH_INTERVAL_MS } from "@/lib/limits";
import type { UsageRequest } from "@/lib/protocol/usage-view";
import { changeRules, letQuickVotesCount } from "./arena-rules";
import { answer, ask, untilVotable, voteButton } from "./pages";
import { type Platform, startPlatform, startWorker } from "./platform";

let platform: Platform;
test.describe.configure({ timeout: 120_000 });
test.beforeAll(async () => {
  test.setTimeout(200_000);
  platform = await startPlatform();
  await changeRules(platform, letQuickVotesCount);
});
test.afterAll(() => platform.stop());

/** Without `auto`, which stands for one of them. */
async function modelNames(): Promise<string[]> {
  // While nobody listens there are no models to be had.
  const reply = await fetch(`${platform.url}/v1/models`).catch(() => undefined);
  if (!reply?.ok) return [];
  const names = (await reply.json()).data.map((model: { id: string }) => model.id);
  return names.filter((name: string) => name !== "auto").sort();
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
  await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
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

/** The latest requests, as a keeper sees them; none while nobody listens. */
async function usageRequests(): Promise<UsageRequest[]> {
  const { url, adminToken } = platform;
  const session = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: adminToken }),
  }).catch(() => undefined);
  const cookie = session?.headers.get("set-cookie")?.split(";")[0] ?? "";
  const reply = await fetch(`${url}/api/admin/usage`, { headers: { cookie } }).catch(
    () => undefined,
  );
  return reply?.ok ? (await reply.json()).requests : [];
}

test("database killed in the middle of a battle: it comes back, and the battle goes on to its vote", async ({
  page,
}) => {
  await page.goto(platform.url);
  await ask(page, "Tell me a story about a robot and a lantern.");
  await expect(page).toHaveURL(/\/battle\//);
  const { database } = platform.children();
  process.kill(Number(database), "SIGKILL");
  await untilVotable(page);
  await voteButton(page, "Tie").click();
  await expect(page.getByRole("region", { name: "The outcome", exact: true })).toBeVisible();
  expect(platform.children().database).not.toBe(database);
  const text = await answer(page, "A").locator("p").first().innerText();
  await page.reload();
  await expect(answer(page, "A")).toContainText(text.slice(0, 20));
  await expect(answer(page, "B")).toContainText(/pico-[sml]/);
});

test("web killed in the middle of an answer: its usage is kept but for the last moment", async () => {
  const worker = await startWorker(["--kind", "mock", "--model", "mock/slow"], platform);
  try {
    const reply = await fetch(`${platform.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "killed" },
      body: JSON.stringify({
        ...{ model: "mock/slow", stream: true },
        messages: [
          { role: "user", content: "one two three four five six seven eight ".repeat(50) },
        ],
      }),
    });
    const arrivals: number[] = [];
    let killedMs = Number.POSITIVE_INFINITY;
    const timer = setTimeout(() => {
      killedMs = performance.now();
      process.kill(Number(platform.children().web), "SIGKILL");
    }, 4 * USAGE_FLUSH_INTERVAL_MS);
    try {
      for await (const bytes of reply.body ?? []) {
        const events =
          Buffer.from(bytes)
            .toString()
            .match(/"content":"[^"]/g) ?? [];
        arrivals.push(...events.map(() => performance.now()));
      }
    } catch {
      // The connection ended with its process.
    }
    clearTimeout(timer);
    // Written within a flush and what a flush takes.
    const promised = arrivals.filter((it) => it < killedMs - 1_000).length;
    expect(promised).toBeGreaterThan(0);

    const find = async () => (await usageRequests()).find((it) => it.requestId === "killed");
    await expect.poll(async () => (await find())?.model, { timeout: 30_000 }).toBe("mock/slow");
    const kept = await find();
    // Under way for all that is known, until it was silent for long enough.
    expect(kept?.outcome).toMatch(/^(running|lost)$/);
    expect(kept?.promptTokens).toBeGreaterThan(0);
    expect(kept?.completionTokens).toBeGreaterThanOrEqual(promised);
    expect(kept?.completionTokens).toBeLessThanOrEqual(arrivals.length + 1);
  } finally {
    await worker.stop();
  }
});

test("web killed in the middle of a background response: it is failed, with what it had said", async () => {
  const worker = await startWorker(["--kind", "mock", "--model", "mock/slow"], platform);
  try {
    const url = `${platform.url}/v1/responses`;
    const body = { model: "mock/slow", input: "Count.", background: true };
    const created = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(created.status).toBe(200);
    const { id, status } = await created.json();
    expect(status).toBe("queued");
    // While nobody listens there is nothing to be had.
    const get = async () => {
      const reply = await fetch(`${url}/${id}`).catch(() => undefined);
      return reply?.ok ? await reply.json() : undefined;
    };
    const textOf = (response: { output: { content: { text: string }[] }[] } | undefined) =>
      response?.output[0]?.content[0]?.text ?? "";
    await expect.poll(async () => textOf(await get()), { timeout: 10_000 }).toMatch(/^1 2/);
    const said = textOf(await get());
    process.kill(Number(platform.children().web), "SIGKILL");

    const limit = ANSWER_STALE_AFTER_MS + 15_000;
    await expect.poll(async () => (await get())?.status, { timeout: limit }).toBe("failed");
    const failed = await get();
    expect(failed.error).toMatchObject({ code: "server_error" });
    expect(failed.error.message).toContain("stopped working");
    expect(textOf(failed).startsWith(said)).toBe(true);
    const stream = await (await fetch(`${url}/${id}?stream=true`)).text();
    expect(stream).toMatch(/^event: response\.created\n/);
    expect(stream.trimEnd().split("\n\n").at(-1)).toMatch(/^event: response\.failed\n/);
  } finally {
    await worker.stop();
  }
});
