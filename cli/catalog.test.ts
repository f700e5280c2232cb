/** Goal: models and aliases from the terminal. Method: the commands in process, on a real database. */
import { resolve } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCatalog } from "@/lib/catalog/catalog";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { readRules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { runCli } from "./main";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  Object.assign(env(), { DATABASE_URL: database.url });
});
afterAll(() => database.drop());

async function run(line: string) {
  let written = "";
  let complaints = "";
  const code = await runCli(line.split(" "), {
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

const settingsOf = async (model: string) => (await readCatalog(database.db)).settings.get(model);

test("what is said of a model is kept, changed in part, shown and forgotten", async () => {
  expect((await run("models list")).written).toBe("No model.\n");
  await run(
    "models set m --price-prompt 0.15 --price-completion 0.6 --default temperature=0.3 --default top_p=0.9 --fallback a --fallback b --requests-per-minute 60",
  );
  expect(await settingsOf("m")).toEqual({
    ...{ card: {}, isDirect: true, isApi: true },
    ...{ model: "m", defaults: { temperature: 0.3, topP: 0.9 }, fallbacks: ["a", "b"] },
    ...{ price: { prompt: 0.15, completion: 0.6 }, limits: { requestsPerMinute: 60 } },
  });
  await run("models set m --price-cached-prompt 0.01 --default max_tokens=100");
  expect((await run("models show m")).written).toBe(
    [
      ...["m", "  where     arena,direct,api"],
      ...["  price     $0.15 prompt, cached $0.01, $0.6 completion"],
      ...["  defaults  temperature=0.3 top_p=0.9 max_tokens=100"],
      ...[
        "  limits    requests_per_minute=60",
        "  fallback  a, b",
        "  no worker serves it now",
        "",
      ],
    ].join("\n"),
  );
  expect((await run("models list")).written).toBe(
    "MODEL  WHERE             WORKERS  CONTEXT  $ IN  $ OUT  LICENCE  BY\n" +
      "m      arena,direct,api  -        -        0.15  0.6    -        -\n",
  );
  expect(JSON.parse((await run("models list --json")).written)).toMatchObject({
    models: [{ model: "m", isSet: true, price: { prompt: 0.15 } }],
  });
  await run("models set m --dispatch prefix-affinity");
  expect(await settingsOf("m")).toMatchObject({
    dispatch: "prefix-affinity",
    fallbacks: ["a", "b"],
  });
  expect((await run("models show m")).written).toContain("  dispatch  prefix-affinity\n");
  await run("models set m --free");
  expect((await settingsOf("m"))?.dispatch).toBe("prefix-affinity");
  expect(await run("models set m --dispatch best")).toMatchObject({
    complaints: expect.stringContaining("least-outstanding-tokens"),
  });
  await run("models set m --dispatch default");
  expect((await settingsOf("m"))?.dispatch).toBeUndefined();
  await run("models set m --clear --free");
  expect(await settingsOf("m")).toMatchObject({
    ...{ defaults: {}, fallbacks: [], price: { prompt: 0, completion: 0 } },
  });
  expect((await run("models show m")).written).toContain("  price     free\n");
  await run("models set m --unset price");
  expect((await settingsOf("m"))?.price).toBeUndefined();
  expect((await run("models unset m")).written).toBe("Nothing is set for m any more.\n");
  expect(await run("models unset m")).toMatchObject({
    code: 1,
    complaints: expect.stringContaining("Nothing is set"),
  });
});

test("aliases are written, shown and removed", async () => {
  expect((await run("aliases list")).written).toBe("No alias.\n");
  await run("aliases set gpt m=3 n --mirror o=0.1 --rollback --requests-min 50");
  expect((await run("aliases list")).written).toBe(
    [
      ...["gpt", "  m  weight 3 (75 %)", "  n  weight 1 (25 %)", "  mirror o  10 %"],
      ...["  rollback at 10 % more failures, of 50 requests in 60 s", ""],
    ].join("\n"),
  );
  expect((await readCatalog(database.db)).aliases.get("gpt")).toMatchObject({
    targets: [
      { model: "m", weight: 3 },
      { model: "n", weight: 1 },
    ],
    mirrors: [{ model: "o", share: 0.1 }],
    rollbackOn: { errorShareRise: 0.1, requestsMin: 50, windowSeconds: 60 },
  });
  expect((await run("aliases remove gpt")).written).toBe("gpt is no alias any more.\n");
  expect(await run("aliases remove gpt")).toMatchObject({
    code: 1,
    complaints: expect.stringContaining("no alias"),
  });
});

test.each([
  ["models set q --price-prompt 1", "price.completion"],
  ["models set m --price-prompt 1.2345 --price-completion 1", "price.prompt"],
  ["models set m --price-prompt much", '"much" is no number.'],
  ["models set m --default warmth=1", "--default warmth=1"],
  ["models set m --default temperature=9", "defaults.temperature"],
  ["models set m --fallback m", "cannot stand in for itself"],
  ["aliases set auto m", "`auto`"],
  ["aliases set x m m", "named twice"],
  ["aliases set x m=0", "targets.0.weight"],
  ["aliases set x m --mirror n", "mirrors.0.share"],
  ["aliases set x m --rollback", "second target"],
])("%s is refused with its reason", async (line, reason) => {
  const { code, complaints } = await run(line);
  expect(code).toBeGreaterThan(0);
  expect(complaints).toContain(reason);
  expect(complaints).not.toContain("    at ");
});

test("an alias that hides a model, or leads to what nobody ever offered, is set with a warning", async () => {
  await database.db.execute(
    sql`insert into models (id, name, description) values (${createId()}, 'real', '{}')`,
  );
  const quiet = await run("aliases set first real");
  expect(quiet).toMatchObject({ code: 0, complaints: "" });
  expect(await run("aliases set second first")).toMatchObject({ code: 0, complaints: "" });
  const hiding = await run("aliases set real nope=3 first");
  expect(hiding).toMatchObject({ code: 1 });
  const { code, written, complaints } = await run(
    "aliases set real nope=3 other --mirror gone=0.1",
  );
  expect(code).toBe(0);
  expect(written).toMatch(/^Set\./);
  expect(complaints.match(/^Careful: /gm)).toHaveLength(4);
  expect(complaints).toMatch(/^Careful: real is a model, too\. The alias hides it/);
  for (const name of ["nope", "other", "gone"]) {
    expect(complaints).toContain(`no worker ever offered ${name}.`);
  }
  for (const name of ["second", "first", "real"]) await run(`aliases remove ${name}`);
});

test("what a schema finds wrong is said in plain words", async () => {
  expect((await run("aliases set a m=0")).complaints).toContain(
    "targets.0.weight: must be above 0.",
  );
  expect((await run("aliases set a m n --rollback --requests-min 1")).complaints).toContain(
    "rollbackOn.requestsMin: must be at least 5.",
  );
});

test("a card is kept field by field, and each can be as the worker says again", async () => {
  const told = { organization: "Told", licence: "MIT", skills: [], examplePrompts: [] };
  await database.db.execute(
    sql`insert into models (id, name, description, price) values
      (${createId()}, 'carded', ${JSON.stringify(told)}::jsonb, '{"prompt": 1, "completion": 2}')`,
  );
  await run(
    "models set carded --organization Acme --no-open-weights --link https://acme.example/m --context-length 2000",
  );
  await run("models set carded --licence Apache-2.0 --unset link");
  expect((await settingsOf("carded"))?.card).toEqual({
    ...{ organization: "Acme", hasOpenWeights: false, licence: "Apache-2.0", contextLength: 2_000 },
  });
  const shown = (await run("models show carded")).written;
  expect(shown).toContain("  by        Acme (operator)\n  licence   Apache-2.0 (operator)\n");
  expect(shown).toContain("  context   2000 tokens (operator)\n");
  expect(shown).toContain("  price     $1 prompt, $2 completion (as its worker says)\n");
  await run("models set carded --unset organization --unset licence --free");
  const json = JSON.parse((await run("models show carded --json")).written);
  expect(json).toMatchObject({
    ...{ model: "carded", charged: null, price: { prompt: 0, completion: 0 }, servers: [] },
    told: { price: { prompt: 1, completion: 2 }, description: { organization: "Told" } },
    card: { hasOpenWeights: false, contextLength: 2_000 },
  });
  expect(json.card.organization).toBeUndefined();
  for (const [flags, said] of [
    ["--unset colour", "--unset colour"],
    ["--link ftp://x", "card.link"],
    ["--context-length 0", "card.contextLength"],
    ["--visibility pages", "--visibility pages"],
    ["--visibility anonymous,api", "--visibility anonymous,api"],
  ]) {
    expect((await run(`models set carded ${flags}`)).complaints).toContain(said);
  }
  expect(await run("models show nobody")).toMatchObject({
    ...{ code: 1, written: "", complaints: expect.stringContaining("nobody") },
  });
});

test("a model is met where its keeper says, each fact in its one place", async () => {
  const shown = async () => JSON.parse((await run("models show met --json")).written).visibility;
  const rule = async () =>
    (await readRules(database.db)).sampling.models.find(({ model }) => model === "met");
  await database.db.execute(
    sql`insert into models (id, name, description) values (${createId()}, 'met', '{}')`,
  );
  await run("models set met --visibility api");
  expect(await shown()).toEqual({ arena: false, direct: false, api: true, isAnonymousOnly: false });
  expect(await rule()).toMatchObject({ isOut: true, isAnonymousOnly: false });
  expect(await settingsOf("met")).toMatchObject({ isDirect: false, isApi: true });
  await run("models set met --visibility anonymous");
  expect(await shown()).toEqual({ arena: true, direct: false, api: false, isAnonymousOnly: true });
  // What was said of its name is kept for when it has one again.
  expect(await settingsOf("met")).toMatchObject({ isDirect: false, isApi: true });
  await run("models set met --visibility all --organization Acme");
  expect(await rule()).toMatchObject({ isOut: false, isAnonymousOnly: false });
  expect((await run("models list")).written).toMatch(/^met +arena,direct,api /m);
  await run("models set met --visibility none --clear");
  expect((await run("models list")).written).toMatch(/^met +none /m);
  // Set anew in all else, it stays where it is met.
  await run("models set met --clear");
  expect((await run("models list")).written).toMatch(/^met +none /m);
  const entered = await database.db.execute(
    sql`select kind from model_ledger join models on models.id = model_id where name = 'met' order by model_ledger.created_at`,
  );
  expect(entered.map(({ kind }) => kind)).toEqual(["registered", "made-private", "made-public"]);
});

test("a model is retired and brought back, each once", async () => {
  await database.db.execute(
    sql`insert into models (id, name, description) values (${createId()}, 'old', '{}')`,
  );
  expect(await run("models retire nobody")).toMatchObject({ code: 1, written: "" });
  expect((await run("models retire old")).written).toBe(
    "old is retired from now on; its ledger says so.\n",
  );
  expect((await run("models retire old")).written).toContain("Nothing was changed");
  expect((await run("models list")).written).toMatch(/^old +arena,direct,api, retired /m);
  expect(JSON.parse((await run("models return old --json")).written)).toEqual({
    ...{ model: "old", isRetired: false, isChanged: true },
  });
  const kinds = await database.db.execute(sql`select kind from model_ledger order by created_at`);
  expect(kinds.map(({ kind }) => kind).slice(-3)).toEqual(["registered", "retired", "returned"]);
});
