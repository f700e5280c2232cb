/**
 * Goal: pages that strangers meet first are light: 200 kB of script at most before they can be used.
 * Method: what the HTML asks for, gzipped; parts that arrive beside the first request are listed apart.
 */
import { gzipSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";

const KILOBYTES_MAX = 200;
const HELD = ["/", "/leaderboard", "/stats", "/explore", "/models/pico-s"];
const TOLD = ["/compare", "/chat", "/models", "/developers", "/history", "/admin/login"];

/** Addresses of the scripts that the HTML of a page asks a current browser for. */
async function readScripts(page: Page, path: string): Promise<string[]> {
  const html = await (await page.request.get(path)).text();
  const tags = html.match(/<script\b[^>]*>/g) ?? [];
  const wanted = tags.filter((it) => !/\bnomodule\b/i.test(it));
  const found = wanted.map((it) => /\bsrc="([^"]+)"/.exec(it)?.[1]);
  return [...new Set(found.filter((it) => it !== undefined))];
}

async function weigh(page: Page, addresses: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    addresses.map(async (it) => gzipSync(await (await page.request.get(it)).body()).byteLength),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1_000;
}

test("first-load script stays within its budget", async ({ page }) => {
  const rows: { path: string; firstKb: number; idleKb: number }[] = [];
  for (const path of [...HELD, ...TOLD]) {
    const loaded = new Set<string>();
    page.on("response", (it) => {
      if (it.request().resourceType() === "script") loaded.add(new URL(it.url()).pathname);
    });
    await page.goto(path);
    await page.waitForLoadState("networkidle");
    page.removeAllListeners("response");
    const first = await readScripts(page, path);
    expect(first.length, `${path} asks for scripts`).toBeGreaterThan(0);
    const [firstKb, idleKb] = [await weigh(page, first), await weigh(page, [...loaded])];
    rows.push({ path, firstKb, idleKb });
  }
  const table = rows.map(
    ({ path, firstKb, idleKb }) =>
      `${path.padEnd(16)}${firstKb.toFixed(1).padStart(8)} kB first${idleKb.toFixed(1).padStart(8)} kB once idle`,
  );
  process.stdout.write(`Script, gzipped\n${table.join("\n")}\n`);
  for (const { path, firstKb } of rows) {
    if (HELD.includes(path)) expect(firstKb, path).toBeLessThanOrEqual(KILOBYTES_MAX);
  }
});
