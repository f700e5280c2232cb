/** Goal: npm is watched above the shell of its script, and never who called npm. Method: real processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { findNpm } from "./watch-parents";

const begun: ChildProcess[] = [];
afterEach(() => {
  for (const child of begun.splice(0)) child.kill("SIGKILL");
});

/** Runs a program that says when it is there. */
async function begin(command: string, words: readonly string[]): Promise<number> {
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
  begun.push(child);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

test("npm is who started the shell of its script", async () => {
  const shell = await begin("sh", ["-c", "echo here; read line; echo $line"]);
  expect(findNpm(shell)).toBe(process.pid);
});

test("a parent that is no shell is npm itself, and who called it may leave", async () => {
  const npm = await begin(process.execPath, ["-e", "console.log('here'); process.stdin.resume()"]);
  expect(findNpm(npm)).toBeUndefined();
});

test("what is no process has none", () => {
  expect(findNpm(2 ** 30)).toBeUndefined();
});
