/**
 * Goal: npm is watched above the shell of its script, and never who called npm; what `npx` started ends with it.
 * Method: real processes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { afterEach, expect, onTestFinished, test } from "vitest";
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

test("what npx started hears of its end, though the shell between them lives on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-npx-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, "program.mjs");
  const watch = JSON.stringify(join(import.meta.dirname, "watch-parents.ts"));
  await build({
    stdin: {
      contents: `import { untilNpxIsGone } from ${watch};
        untilNpxIsGone().addEventListener("abort", () => {
          console.log("told");
          process.exit();
        });
        setInterval(() => {}, 1_000);
        console.log("here");`,
      resolveDir: import.meta.dirname,
    },
    ...{ outfile: program, bundle: true, format: "esm", platform: "node", logLevel: "error" },
  });
  // A shell that has more to do than one command stays above it.
  const words = JSON.stringify(["-c", `"${process.execPath}" "${program}"; :`]);
  const npx = spawn(
    process.execPath,
    ["-e", `require("node:child_process").spawn("sh", ${words}, { stdio: "inherit" })`],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, npm_lifecycle_event: "npx" },
    },
  );
  begun.push(npx);
  const lines = createInterface({ input: npx.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("here");
  npx.kill("SIGKILL");
  expect((await lines.next()).value).toBe("told");
});
