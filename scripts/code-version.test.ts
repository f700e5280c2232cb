/** Goal: one code has one name, wherever it is checked out; another code has another. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeVersion } from "./code-version.mjs";

const root = resolve(import.meta.dirname, "..");
let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "parley-code-"));
  mkdirSync(join(copy, "lib"));
  for (const path of ["package.json", "lib/rating", "lib/vote-files"]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
});
afterAll(() => rmSync(copy, { recursive: true }));

function write(path: string, change: (text: string) => string) {
  const whole = join(copy, path);
  writeFileSync(whole, change(readFileSync(whole, "utf8")));
}

test("it is the version with a hash of what computes, and of nothing else", () => {
  const version = codeVersion(copy);
  expect(version).toMatch(/^\d+\.\d+\.\d+\+sha256\.[0-9a-f]{64}$/);
  expect(version).toBe(codeVersion(root));
  write("lib/rating/outcome.ts", (text) => text.replaceAll("\n", "\r\n"));
  writeFileSync(join(copy, "lib/rating/new.test.ts"), "a test");
  expect(codeVersion(copy)).toBe(version);
  write("lib/vote-files/vote-line.ts", (text) => `${text}\n`);
  expect(codeVersion(copy)).not.toBe(version);
});
