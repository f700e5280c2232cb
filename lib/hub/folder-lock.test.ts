/** Goal: one holder at a time, and a lock whose holder is gone holds nobody up. Method: locks of every kind of holder. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFolder } from "./folder-lock";

let folder: string;
let path: string;
const { signal } = new AbortController();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-lock-"));
  path = join(folder, ".model.download.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const lock = () => lockFolder({ path, signal, silentMsMax: 200 });
const ownText = async () => {
  const release = await lock();
  const text = readFileSync(path, "utf8");
  await release();
  return JSON.parse(text) as Record<string, unknown>;
};

test("a second one is refused until the first gives it back", async () => {
  const release = await lock();
  await expect(lock()).rejects.toMatchObject({ code: "conflict", retryAfterSeconds: 30 });
  await release();
  expect(existsSync(path)).toBe(false);
  await (await lock())();
});

test("a process that has ended holds nothing, nor does a later one of the same id", async () => {
  const own = await ownText();
  const { pid } = spawnSync("true");
  writeFileSync(path, JSON.stringify({ ...own, pid }));
  await (await lock())();
  // The id of this process, as a container gives it again after each start.
  writeFileSync(path, JSON.stringify({ ...own, began: "1" }));
  await (await lock())();
});

test("where ids mean something else the lock has to beat", async () => {
  const own = await ownText();
  const text = JSON.stringify({ ...own, place: "elsewhere" });
  writeFileSync(path, text);
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), 10);
  await expect(lock()).rejects.toThrow(/another machine or container/);
  clearInterval(beat);
  await (await lock())();
});

test("a lock that nobody can read is treated as one from elsewhere", async () => {
  writeFileSync(path, "");
  await (await lock())();
});

test("of many that find the same stale lock one gets it", async () => {
  const own = await ownText();
  writeFileSync(path, JSON.stringify({ ...own, began: "1" }));
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, lock));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("who lost a lock does not take the next one's away", async () => {
  const release = await lock();
  writeFileSync(path, "{}");
  await release();
  expect(readFileSync(path, "utf8")).toBe("{}");
});
