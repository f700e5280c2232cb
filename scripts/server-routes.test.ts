/** Goal: whatever stands in app/ is answered without Next, and by the file that Next would choose. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { HOT_ROUTES } from "@/server-routes";

const root = resolve(import.meta.dirname, "..");

test("the table is the one that a build would write", () => {
  const words = [join(root, "scripts/route-table.mjs"), "--print"];
  const wanted = execFileSync(process.execPath, words, { encoding: "utf8" });
  const remedy = "run `node scripts/route-table.mjs` and commit server-routes.ts";
  expect(readFileSync(join(root, "server-routes.ts"), "utf8"), remedy).toBe(wanted);
});

test("every route file is in the table", () => {
  const standing = readdirSync(join(root, "app"), { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|\/)route\.ts$/.test(path))
    .map((path) => `/${path.replace(/\/route\.ts$/, "")}`);
  expect(Object.keys(HOT_ROUTES).toSorted()).toEqual(standing.toSorted());
});

test("a path stands before those that would take its requests", () => {
  const paths = Object.keys(HOT_ROUTES);
  const isBefore = (one: string, other: string) => paths.indexOf(one) < paths.indexOf(other);
  expect(isBefore("/v1/models", "/v1/[[...rest]]")).toBe(true);
  expect(isBefore("/v1/models/[...id]", "/v1/[[...rest]]")).toBe(true);
  expect(isBefore("/v1/responses/input_tokens", "/v1/responses/[id]")).toBe(true);
  expect(isBefore("/v1/chat/completions", "/v1/[[...rest]]")).toBe(true);
  expect(isBefore("/api/v1/token_check", "/api/v1/[[...rest]]")).toBe(true);
});
