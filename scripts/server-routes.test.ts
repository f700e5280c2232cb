/** Goal: nothing programs call is left to Next by oversight. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { HOT_ROUTES } from "@/server-routes";

const app = resolve(import.meta.dirname, "../app");
const HOT_FOLDERS = [
  ...["v1", "api/v1", "api/workers", "tokenize", "detokenize", "tokenizer_info"],
  ...["healthz", "readyz", "metrics"],
];

test("every route that programs call is in the table", () => {
  const standing = HOT_FOLDERS.flatMap((folder) =>
    readdirSync(join(app, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /(^|\/)route\.ts$/.test(path))
      .map((path) => `/${join(folder, path).replace(/\/route\.ts$/, "")}`),
  );
  expect(Object.keys(HOT_ROUTES).sort()).toEqual(standing.sort());
});

test("a path stands before those that would take its requests", () => {
  const paths = Object.keys(HOT_ROUTES);
  const isBefore = (one: string, other: string) => paths.indexOf(one) < paths.indexOf(other);
  expect(isBefore("/v1/models", "/v1/[[...rest]]")).toBe(true);
  expect(isBefore("/v1/models/[...id]", "/v1/[[...rest]]")).toBe(true);
  expect(isBefore("/v1/chat/completions", "/v1/[[...rest]]")).toBe(true);
  expect(isBefore("/api/v1/token_check", "/api/v1/[[...rest]]")).toBe(true);
});
