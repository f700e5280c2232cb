#!/usr/bin/env node
// What computes boards, as one line: `0.1.0+sha256.<hash>`. Bundles and pages are built with it, so that a
// published board names the code that it can be computed with again.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./root.mjs";

/** The folders in which a board's figures are made from its votes, and nothing else is. */
const FOLDERS = ["lib/rating", "lib/vote-files"];

/** Tests and their numbers compute nothing. */
const isSource = (path) =>
  path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.includes("__fixtures__/");

/** The sources in the order of their names; line ends are those of a checkout, not of the code. */
export function codeVersion(at = root) {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(at, folder), { recursive: true, encoding: "utf8" }).map(
      (file) => `${folder}/${file.split(sep).join("/")}`,
    ),
  );
  const hash = createHash("sha256");
  for (const path of paths.filter(isSource).sort()) {
    const text = readFileSync(join(at, path), "utf8").replaceAll("\r\n", "\n");
    hash.update(`${path}\0${text}\0`);
  }
  const { version } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  return `${version}+sha256.${hash.digest("hex")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${codeVersion()}\n`);
