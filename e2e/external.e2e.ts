/**
 * Goal: a model of an external provider takes part in a battle like any other, and nobody learns its name before
 * the vote.
 * Method: the built product with a bundled model and a worker before a server that speaks Anthropic's wire, both
 * started as processes, in a real browser; everything that it receives is read.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { startAnthropicServer } from "@/lib/stand-ins/anthropic-server";
import type { StandIn } from "@/lib/stand-ins/stand-in-server";
import { changeRules, drawOnly, letQuickVotesCount } from "./arena-rules";
import { answer, ask, BUNDLED_MODELS, untilVotable, voteButton } from "./pages";
import { type OwnWorker, type Platform, startPlatform, startWorker } from "./platform";

const NAME = "lantern-large-2";
const UPSTREAM = "claude-sonnet-4-5";
const VARIABLE = "E2E_EXTERNAL_KEY";
const KEY = "sk-ant-e2e-0123456789";

let platform: Platform;
let provider: StandIn;
let worker: OwnWorker;
let folder: string;

test.beforeAll(async () => {
  test.setTimeout(240_000);
  provider = await startAnthropicServer({ models: [UPSTREAM], key: KEY });
  folder = mkdtempSync(join(tmpdir(), "parley-e2e-external-"));
  const config = join(folder, "models.yaml");
  writeFileSync(
    config,
    `models:
  - name: ${NAME}
    provider: anthropic
    model: ${UPSTREAM}
    key: ${VARIABLE}
    baseUrl: ${provider.url}/v1
    organization: Lantern Works
    licence: proprietary
    contextLength: 8192
    parameters: { maxTokens: 60 }
`,
  );
  platform = await startPlatform();
  process.env[VARIABLE] = KEY;
  worker = await startWorker(["--backend", "external", "--config", config], platform);
  await changeRules(platform, letQuickVotesCount);
  const all = [...BUNDLED_MODELS, NAME];
  await changeRules(platform, drawOnly(["pico-s", NAME], all));
});

test.afterAll(async () => {
  delete process.env[VARIABLE];
  await worker?.stop();
  await platform?.stop();
  await provider?.close();
  if (folder) rmSync(folder, { recursive: true });
});

type Received = { url: string; text: string };

/** Everything a browser is told, programs and fonts left out, which are the same for everyone. */
function readAll(page: Page): { received: Received[]; settled(): Promise<unknown> } {
  const received: Received[] = [];
  const reading: Promise<void>[] = [];
  page.on("response", (response) => {
    reading.push(
      (async () => {
        const headers = JSON.stringify(await response.allHeaders());
        const body = await response.body().catch(() => Buffer.alloc(0));
        const isStatic = response.url().includes("/_next/static/");
        const text = headers + (isStatic ? "" : body.toString("latin1"));
        received.push({ url: response.url(), text });
      })(),
    );
  });
  return { received, settled: () => Promise.all(reading) };
}

test("an external model answers blind beside a bundled one, and its name comes with the vote", async ({
  page,
}) => {
  const { received, settled } = readAll(page);
  await page.goto(platform.url);
  await ask(page, "What is the capital of Japan?");
  await untilVotable(page);
  for (const side of ["A", "B"] as const) await expect(answer(page, side)).toContainText(/\w{3,}/);
  expect(provider.asked).toHaveLength(1);
  const [asked] = provider.asked;
  expect(asked?.headers["x-api-key"]).toBe(KEY);
  expect(JSON.stringify(asked?.body)).toContain("What is the capital of Japan?");
  expect(await asked?.closedEarly).toBe(false);

  await page.waitForLoadState("networkidle");
  await settled();
  expect(received.some(({ url }) => url.endsWith("/api/conversations"))).toBe(true);
  for (const { url, text } of received) {
    for (const secret of [NAME, UPSTREAM, "Lantern Works", "anthropic", KEY, "pico-s"]) {
      expect(text, `${secret} in ${url}`).not.toContain(secret);
    }
  }
  await expect(page.locator("body")).not.toContainText(NAME);

  await voteButton(page, "A is better").click();
  await expect(page.getByRole("region", { name: "The outcome", exact: true })).toContainText(
    "You preferred A",
  );
  const names = await Promise.all(
    (["A", "B"] as const).map(async (side) => {
      const text = await answer(page, side).innerText();
      return [NAME, "pico-s"].find((name) => text.includes(name));
    }),
  );
  expect(names.sort()).toEqual([NAME, "pico-s"]);
});

test("the provider's refusal is told in plain words, without its key or its name", async ({
  page,
}) => {
  provider.setFault({ kind: "refused-key" });
  await page.goto(platform.url);
  await ask(page, "What is 2 + 3?");
  await expect(page.getByRole("alert").filter({ hasText: /did not answer/ })).toBeVisible();
  const text = await page.locator("body").innerText();
  for (const secret of [NAME, UPSTREAM, KEY, "127.0.0.1"]) expect(text).not.toContain(secret);

  provider.setFault(undefined);
  await page.getByRole("button", { name: /^Try [AB] again$/ }).click();
  await untilVotable(page);
});
