/** Goal: the rules of the arena from the terminal, by the page's checks. Method: the commands in process, on a real database. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { readRules } from "@/lib/rules/rules";
import { runCli } from "./main";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  Object.assign(env(), { DATABASE_URL: database.url });
});
afterAll(() => database.drop());

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["arena", ...words], {
    root: resolve(import.meta.dirname, ".."),
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}

const read = () => readRules(database.db);

test("rules are shown, changed, taken back and remembered", async () => {
  expect((await run("show")).written).toBe("All rules are as by default.\n");
  expect((await run("show", "--all")).written).toContain("\nintegrity.votesPerPromptMax = 50\n");
  await run("set", "pace.isFair=false", "terms.version=2026-11", "sampling.activeVotesMin=5");
  expect(await read()).toMatchObject({
    ...{ pace: { isFair: false }, terms: { version: "2026-11" }, sampling: { activeVotesMin: 5 } },
  });
  expect((await run("show")).written).toContain("pace.isFair = false  (by default true)\n");
  await run("set", "moderation.endpoint.url=https://judge.example/v1", "moderation.judge=endpoint");
  expect((await read()).moderation.endpoint).toEqual({ url: "https://judge.example/v1" });
  await run("set", "moderation.judge=none", "moderation.endpoint=default", "terms.version=default");
  expect((await read()).moderation).not.toHaveProperty("endpoint");
  expect((await run("set", "pace.isFair=false")).written).toMatch(/^Nothing was changed/);
  const { history } = JSON.parse((await run("history", "--json")).written);
  expect(history).toHaveLength(3);
  expect((await run("history")).written).toContain('  terms.version: "2026-11" → "1"\n');
});

test("how a model is drawn is changed in part and forgotten", async () => {
  expect((await run("models")).written).toMatch(/^No rule is about a model/);
  await run("models", "set", "m", "--weight", "3", "--target", "a", "b", "--anonymous-only");
  await run("models", "set", "m", "--target-share", "0.7", "--no-anonymous-only", "--out");
  expect((await read()).sampling.models).toEqual([
    {
      ...{ model: "m", weight: 3, boost: 1, targets: ["a", "b"], targetShare: 0.7 },
      ...{ strictTargets: [], isAnonymousOnly: false, isOut: true },
    },
  ]);
  expect((await run("models")).written).toMatch(/^m +3 +1 +a, b \(70 %\) +- +out$/m);
  await run("models", "set", "m", "--target", "none", "--strict-target", "*-small");
  expect((await read()).sampling.models[0]).toMatchObject({
    ...{ targets: [], strictTargets: ["*-small"] },
  });
  await run("models", "unset", "m");
  expect((await read()).sampling.models).toEqual([]);
});

test("what is shown as JSON is imported, and not over somebody else's change", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "parley-rules-")), "rules.json");
  const shown = (await run("show", "--json")).written;
  await run("set", "pace.charactersPerSecondMin=100");
  writeFileSync(file, shown);
  const refused = await run("import", file);
  expect(refused).toMatchObject({ code: 1, complaints: expect.stringContaining("somebody else") });
  const { version: _, ...rules } = JSON.parse(shown);
  writeFileSync(file, JSON.stringify({ ...rules, pace: { isFair: true } }));
  expect((await run("import", file)).written).toMatch(/^Saved/);
  expect((await read()).pace).toEqual(DEFAULT_ARENA_SETTINGS.pace);
});

test.each([
  [["set", "pace.isFair"], "is no rule and value"],
  [["set", "tempo.isFair=1"], "Rules begin with sampling, pace"],
  [
    ["set", "pace.fair=1"],
    "In pace there are isFair, charactersPerSecondMin, firstTokenSecondsMax",
  ],
  [["set", "pace.isFair=maybe"], "pace.isFair"],
  [["set", "sampling.uniformShare=0"], "sampling.uniformShare: must be at least 0.05"],
  [["set", "humanity.isOn=true"], "`humanity.siteKey`"],
  [["set", 'moderation.patterns=[{"name":"n","pattern":"("}]'], 'The pattern "n"'],
  [["models", "set", "m", "--weight", "-1"], "weight: must be at least 0"],
  [["models", "set", "m", "--target", "m"], "never meets itself"],
  [["import", "/no/such/file"], "cannot be read"],
])("%j is refused with its reason", async (words, reason) => {
  const before = await read();
  const { code, complaints } = await run(...words);
  expect(code).toBeGreaterThan(0);
  expect(complaints).toContain(reason);
  expect(complaints).not.toContain("    at ");
  expect(await read()).toEqual(before);
});
