import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { envSchema, parseEnv, toEnvExample } from "./env";

test(".env.example is what the schema says", () => {
  const written = readFileSync(join(import.meta.dirname, "../.env.example"), "utf8");
  expect(written).toBe(toEnvExample());
});

test("every variable has a description and none is required", () => {
  expect(Object.values(envSchema.shape).every((schema) => schema.description)).toBe(true);
  expect(parseEnv({}).PORT).toBe(3000);
});

test("an empty value counts as not set, a wrong one is named with its remedy", () => {
  expect(parseEnv({ PORT: "" }).PORT).toBe(3000);
  expect(() => parseEnv({ PORT: "abc", PARLEY_SECRET: "short" })).toThrow(
    /PORT: .*PARLEY_SECRET: .*\.env\.example/,
  );
});
