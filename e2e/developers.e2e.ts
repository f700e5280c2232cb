/**
 * Goal: what the API page shows works when it is copied and run. Method: the text of every example is
 * taken from the page and run as it is, by a shell, by Python and by Node, against the running platform.
 * Beside the bundled models a worker with vectors and ranks is there, so that every example has a model.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { transformSync } from "esbuild";
import { type OwnWorker, startMockWorker } from "./platform";

const ROOT = resolve(import.meta.dirname, "..");
const RUN_MS_MAX = 30_000;

type Shown = { id: string; code: string };

/** What each example has to print. */
const PRINTS: Record<string, { curl: RegExp; other: RegExp }> = {
  chat: { curl: /"object":"chat\.completion"/, other: /\w/ },
  stream: { curl: /^data: \[DONE\]$/m, other: /\w/ },
  tools: { curl: /"name":"get_weather"/, other: /\w/ },
  json: { curl: /\\"age\\"/, other: /\w+ \d+/ },
  responses: { curl: /"object":"response"/, other: /\w/ },
  messages: { curl: /"type":"message"/, other: /\w/ },
  completions: { curl: /"object":"text_completion"/, other: /\w/ },
  embeddings: { curl: /"object":"embedding"/, other: /^likeness -?\d/ },
  rerank: { curl: /"relevance_score":/, other: /^[01] [\d.e-]+/ },
  tokenize: { curl: /"count":\d+/, other: /^\d+ \[/ },
  auto: { curl: /^x-parley-model: \S+/im, other: /^\S+ \S+/ },
  feedback: { curl: /"object":"feedback"/, other: /feedback/ },
  errors: {
    curl: /^HTTP\/1\.1 400[\s\S]*"param":"temperature"/m,
    other: /400 temperature [\s\S]*request \S+/,
  },
};

let worker: OwnWorker;
let folder: string;

test.beforeAll(async () => {
  worker = await startMockWorker(["mock/reader"]);
  // Inside the project, so that its packages are found.
  mkdirSync(join(ROOT, "test-results"), { recursive: true });
  folder = mkdtempSync(join(ROOT, "test-results", "examples-"));
});
test.afterAll(async () => {
  await worker.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Every example in one language, as the page shows it. */
async function readExamples(
  page: import("@playwright/test").Page,
  language: string,
): Promise<Shown[]> {
  await page.goto("/developers");
  await page.getByRole("tab", { name: language }).first().click();
  const blocks = page.locator("[data-example]");
  await expect(blocks.locator("pre")).toHaveCount(Object.keys(PRINTS).length);
  return await blocks.evaluateAll((found) =>
    found.map((it) => ({
      id: it.getAttribute("data-example") ?? "",
      code: it.querySelector("pre")?.textContent ?? "",
    })),
  );
}

type Ran = { status: number | null; output: string };

function run(command: string, words: readonly string[]): Promise<Ran> {
  const child = spawn(command, words, {
    cwd: ROOT,
    env: { ...process.env, PARLEY_API_KEY: "none", FORCE_COLOR: "0" },
    timeout: RUN_MS_MAX,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((settle, fail) => {
    child.once("error", fail);
    child.once("close", (status) => settle({ status, output }));
  });
}

test("every example names a model that is there", async ({ page }) => {
  await page.goto("/developers");
  const ids = await page
    .locator("[data-example]")
    .evaluateAll((found) => found.map((it) => it.getAttribute("data-example")));
  expect(ids.toSorted()).toEqual(Object.keys(PRINTS).toSorted());
  await expect(page.getByText("your-model")).toHaveCount(0);
});

test("the shell's run", async ({ page }) => {
  test.setTimeout(180_000);
  for (const { id, code } of await readExamples(page, "curl")) {
    const { status, output } = await run("sh", ["-c", code]);
    expect(status, `${id}\n${output}`).toBe(0);
    expect(output, id).toMatch(PRINTS[id]?.curl ?? /^never$/);
    if (id !== "errors") expect(output, id).not.toContain('"error":{');
  }
});

test("those in TypeScript have the types that they claim, and run", async ({ page }) => {
  test.setTimeout(240_000);
  const examples = await readExamples(page, "TypeScript");
  for (const { id, code } of examples) writeFileSync(join(folder, `${id}.mts`), code);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", include: ["*.mts"], exclude: [] }),
  );
  const checked = await run("npx", ["tsc", "--noEmit", "-p", folder]);
  expect(checked.output.replace(/^npm warn.*$/gm, "").trim()).toBe("");
  for (const { id, code } of examples) {
    const file = join(folder, `${id}.mjs`);
    writeFileSync(file, transformSync(code, { loader: "ts", format: "esm" }).code);
    const { status, output } = await run(process.execPath, [file]);
    expect(status, `${id}\n${output}`).toBe(0);
    expect(output, id).toMatch(PRINTS[id]?.other ?? /^never$/);
  }
});

test.describe("those in Python", () => {
  const has = (...words: string[]) => spawnSync("python3", words).status === 0;

  test("are Python", async ({ page }) => {
    test.skip(!has("--version"), "there is no python3 on this machine");
    for (const { id, code } of await readExamples(page, "Python")) {
      const file = join(folder, `${id}.py`);
      writeFileSync(file, code);
      const { status, output } = await run("python3", ["-m", "py_compile", file]);
      expect(status, `${id}\n${output}`).toBe(0);
    }
  });

  test("run", async ({ page }) => {
    test.skip(
      !has("-c", "import openai, anthropic"),
      "python3 has not the packages openai and anthropic: `pip install openai anthropic`",
    );
    test.setTimeout(240_000);
    for (const { id, code } of await readExamples(page, "Python")) {
      const { status, output } = await run("python3", ["-c", code]);
      expect(status, `${id}\n${output}`).toBe(0);
      expect(output, id).toMatch(PRINTS[id]?.other ?? /^never$/);
    }
  });
});

test.describe("on a phone", () => {
  // The narrowest that is still in use.
  test.use({ viewport: { width: 320, height: 640 } });
  for (const path of ["/", "/compare", "/models"]) {
    test(`the page is one touch away from ${path}`, async ({ page }) => {
      await page.goto(path);
      const bar = page.getByRole("navigation", { name: "Main" });
      const links = await bar.getByRole("link").all();
      const boxes = await Promise.all(links.map((it) => it.boundingBox()));
      for (const box of boxes) expect(box?.width).toBeGreaterThanOrEqual(44);
      const end = boxes.at(-1);
      expect((end?.x ?? 0) + (end?.width ?? 0)).toBeLessThanOrEqual(320);
      const { violations } = await new AxeBuilder({ page }).include("nav").analyze();
      expect(violations.map(({ id }) => id)).toEqual([]);
      const header = page.getByRole("banner");
      await expect(header.getByRole("link", { name: "History" })).toBeVisible();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBeLessThanOrEqual(320);
      await page
        .getByRole("navigation", { name: "More" })
        .getByRole("link", { name: "API" })
        .click();
      await expect(page.getByRole("heading", { name: "API", level: 1 })).toBeVisible();
    });
  }
});

test("a language is chosen by keyboard, for all examples, and is remembered", async ({ page }) => {
  await page.goto("/developers");
  const first = page.getByRole("tablist").first();
  await first.getByRole("tab", { name: "curl" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(first.getByRole("tab", { name: "Python" })).toBeFocused();
  for (const list of await page.getByRole("tablist").all()) {
    await expect(list.getByRole("tab", { name: "Python" })).toHaveAttribute(
      "aria-selected",
      "true",
    );
  }
  await page.reload();
  await expect(first.getByRole("tab", { name: "Python" })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByText("from openai import OpenAI").first()).toBeVisible();
});
