#!/usr/bin/env node
// `npm test`: sets itself up, runs everything even when something failed, and closes with
// `N passed, N failed` as the last line.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { withBuildLock } from "./build-lock.mjs";
import { installIfStale } from "./install-if-stale.mjs";
import { root } from "./root.mjs";

process.chdir(root);
const reports = mkdtempSync(join(tmpdir(), "parley-reports-"));
const PROGRAMS = {
  biome: "node_modules/@biomejs/biome/bin/biome",
  next: "node_modules/next/dist/bin/next",
  playwright: "node_modules/@playwright/test/cli.js",
  tsc: "node_modules/typescript/bin/tsc",
  vitest: "node_modules/vitest/vitest.mjs",
};

/** Runs one of our tools with its output on the terminal; true when it was content. */
function run(program, words, variables = {}) {
  return new Promise((settle) => {
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...variables },
    });
    child.on("error", () => settle(false));
    child.on("close", (code) => settle(code === 0));
  });
}

/** A step that is one check. */
const asCheck = (isGood) => (isGood ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

/** Counts of a tool's own report; a tool that failed without a failed test (or died) has failed once. */
function countsFrom(path, isGood, count) {
  let counts = { passed: 0, failed: 0 };
  try {
    counts = count(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    process.stderr.write(`No report: ${error.message}\n`);
    isGood = false;
  }
  return !isGood && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

async function checkTypes() {
  // Types of routes and `next-env.d.ts`, which a fresh clone does not have.
  const isGenerated = await run(PROGRAMS.next, ["typegen"]);
  return asCheck((await run(PROGRAMS.tsc, ["--noEmit"])) && isGenerated);
}

/**
 * What failed and then passed, by name. Some 5,000 tests with real databases, processes and browsers share the
 * cores of whatever machine runs them; one that misses its moment once is tried again and named below, so that
 * it is mended and stops nobody meanwhile. What fails twice has failed.
 */
const unsteady = [];

async function runVitest() {
  const path = join(reports, "vitest.json");
  const flags = [
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${path}`],
    "--retry=1",
  ];
  const isGood = await run(PROGRAMS.vitest, ["run", ...flags]);
  return countsFrom(path, isGood, (report) => {
    for (const { name, assertionResults } of report.testResults) {
      for (const { fullName, status, failureMessages } of assertionResults) {
        // Of a test that passed these are of its first try.
        if (status !== "passed" || failureMessages.length === 0) continue;
        const [why] = failureMessages[0].split("\n");
        unsteady.push(`${relative(root, name)} › ${fullName}: ${why}`);
      }
    }
    return {
      passed: report.numPassedTests,
      // A file that does not even load has no tests to fail.
      failed:
        report.numFailedTests +
        report.testResults.filter(
          (it) => it.status === "failed" && it.assertionResults.length === 0,
        ).length,
    };
  });
}

/** Suites hold files, describes and tests; a test that passed at its second try is called flaky. */
function noteUnsteady({ specs = [], suites = [] }) {
  for (const { file, title, tests } of specs) {
    if (tests.some(({ status }) => status === "flaky")) unsteady.push(`${file} › ${title}`);
  }
  for (const suite of suites) noteUnsteady(suite);
}

async function runPlaywright() {
  const files = readdirSync("e2e", { recursive: true }).filter((it) => it.endsWith(".e2e.ts"));
  if (files.length === 0) return { passed: 0, failed: 0 };
  const path = join(reports, "playwright.json");
  const isGood = await run(PROGRAMS.playwright, ["test", "--reporter=list,json", "--retries=1"], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: path,
  });
  return countsFrom(path, isGood, ({ stats, errors, suites }) => {
    noteUnsteady({ suites });
    return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length };
  });
}

const STEPS = {
  "Type check": checkTypes,
  Lint: async () => asCheck(await run(PROGRAMS.biome, ["check"])),
  // Before the tests, some of which start the built product.
  Build: async () => asCheck(await run("scripts/build.mjs", [])),
  "Unit, database and contract tests": runVitest,
  "End-to-end tests": runPlaywright,
};

const rows = [];
async function runStep(name, step) {
  process.stdout.write(`\n── ${name}\n\n`);
  const startedAt = performance.now();
  const { passed, failed } = await step();
  rows.push({ name, passed, failed, seconds: (performance.now() - startedAt) / 1000 });
}

try {
  await withBuildLock(installIfStale);
} catch (error) {
  process.stdout.write(`${error.message}\n0 passed, 1 failed\n`);
  process.exit(1);
}
for (const [name, step] of Object.entries(STEPS)) await runStep(name, step);
rmSync(reports, { recursive: true, force: true });

process.stdout.write("\n");
for (const { name, passed, failed, seconds } of rows) {
  const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed`;
  process.stdout.write(`  ${name.padEnd(36)}${counts}${seconds.toFixed(1).padStart(8)} s\n`);
}
if (unsteady.length > 0) {
  process.stdout.write("\nPassed at the second try only:\n");
  for (const line of unsteady) process.stdout.write(`  ${line.slice(0, 240)}\n`);
}
const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
process.stdout.write(`\n${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
