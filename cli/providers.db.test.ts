/** Goal: models of providers and their keys from the terminal. Method: the commands in process, on a real database. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, emptyTables, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { handModels } from "@/lib/providers/hand-models";
import { readProviders } from "@/lib/providers/store";
import { runCli } from "./main";

const SECRET = "secret-of-the-tests";
const KEY = "sk-ant-quixotic-marmalade";

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  Object.assign(env(), { DATABASE_URL: database.url, PARLEY_SECRET: SECRET });
  folder = mkdtempSync(join(tmpdir(), "parley-providers-"));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await emptyTables(database.db, "external_models", "provider_keys");
  Object.assign(env(), { PARLEY_SECRET: SECRET });
  for (const name of ["TEST_KEY", "TEST_ID", "TEST_SECRET"]) delete process.env[name];
});

type Streams = NonNullable<Parameters<typeof runCli>[1]["streams"]>;

/** `piped`: what stands on the standard input; `typed`: what a person types at each question. */
async function run(words: string[], { piped, typed }: { piped?: string; typed?: string[] } = {}) {
  let written = "";
  let complaints = "";
  const input = Object.assign(new PassThrough(), {
    ...{ isTTY: typed !== undefined, setRawMode: () => undefined },
  });
  const output = new PassThrough();
  const questions: string[] = [];
  const answers = [...(typed ?? [])];
  output.on("data", (chunk: Buffer) => {
    questions.push(chunk.toString());
    if (chunk.toString().endsWith(": ")) input.write(`${answers.shift() ?? ""}\r`);
  });
  if (typed === undefined) input.end(piped ?? "");
  const code = await runCli(["providers", ...words], {
    root: resolve(import.meta.dirname, ".."),
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
    // A pipe with what of a terminal's own is asked for.
    streams: { input, output } as unknown as Streams,
  });
  return { code, written, complaints, shown: questions.join("") };
}

async function ok(words: string[], more?: Parameters<typeof run>[1]): Promise<string> {
  const { code, written, complaints } = await run(words, more);
  expect([code, complaints]).toEqual([0, ""]);
  return written;
}

const hand = async (secret = SECRET) =>
  handModels(await readProviders(database.db), { secret, isPrivate: true }).models.models;
const addModel = (...more: string[]) =>
  ok(
    [
      ...["models", "add", "claude", "--provider", "anthropic"],
      ...["--model", "claude-sonnet-4-5"],
    ].concat(more),
  );

describe("keys", () => {
  const add = ["keys", "add", "house", "--provider", "anthropic"];

  test("are piped in, typed unseen or read from a variable, and shown nowhere", async () => {
    const told = await ok(add, { piped: `${KEY}\n` });
    expect(told).toBe("The key house is kept, encrypted.\n");
    await addModel("--key", "house");
    expect((await hand())[0]?.credentials).toEqual({ key: KEY });

    const typed = await run(["keys", "replace", "house"], { typed: ["sk-typed-marmalade"] });
    expect(typed.code).toBe(0);
    expect(typed.shown).toContain("Key, unseen: ");
    expect((await hand())[0]?.credentials).toEqual({ key: "sk-typed-marmalade" });

    process.env.TEST_KEY = "sk-variable-marmalade";
    await ok(["keys", "replace", "house", "--from-env", "TEST_KEY"]);
    expect((await hand())[0]?.credentials).toEqual({ key: "sk-variable-marmalade" });

    const shown = [
      ...[await ok(["keys", "list"]), await ok(["keys", "list", "--json"])],
      ...[await ok(["models", "list"]), await ok(["models", "list", "--json"])],
      ...[typed.written, typed.shown],
    ].join();
    expect(shown).not.toContain("marmalade");
    expect(await ok(["keys", "list"])).toMatch(
      /^house {2}anthropic {2}entered 20\S+ \S+ {2}claude\n$/,
    );
  });

  test("of several parts are typed one after the other, or named", async () => {
    const aws = ["keys", "add", "aws", "--provider", "bedrock"];
    const typed = await run(aws, { typed: ["", "AKIA1", "marmalade", ""] });
    expect([typed.code, typed.complaints]).toEqual([0, ""]);
    expect(typed.shown).toContain("Session token, unseen (Enter for none): ");
    expect(typed.shown).not.toContain("marmalade");
    Object.assign(process.env, { TEST_ID: "AKIA2", TEST_SECRET: "secret2" });
    await ok([
      ...["keys", "replace", "aws", "--from-env", "accessKeyId=TEST_ID"],
      ...["--from-env", "secretAccessKey=TEST_SECRET"],
    ]);
    await ok([
      ...["models", "add", "nova", "--provider", "bedrock", "--model", "amazon.nova-pro-v1:0"],
      ...["--region", "eu-north-1", "--key", "aws"],
    ]);
    expect((await hand())[0]?.credentials).toEqual({
      ...{ accessKeyId: "AKIA2", secretAccessKey: "secret2" },
    });
  });

  test("that are none are refused, without being told again", async () => {
    for (const [more, expected] of [
      [{ piped: "" }, /Nothing was piped in/],
      [{ piped: "sk marmalade" }, /credentials\.key: holds a space/],
      [{ piped: '{"key": "marmalade"' }, /begins like JSON and is none/],
      [{ piped: '{"accessKeyId": "marmalade"}' }, /credentials\.accessKeyId: has no meaning/],
    ] as const) {
      const { code, complaints } = await run(add, more);
      expect([code, complaints]).toEqual([2, expect.stringMatching(expected)]);
      expect(complaints).not.toContain("marmalade");
    }
    const unset = await run([...add, "--from-env", "TEST_KEY"]);
    expect([unset.code, unset.complaints]).toEqual([
      2,
      "The variable TEST_KEY is not set. Set it, or name another.\n",
    ]);
    // A key on the command line would be in the shell's history: there is no such argument.
    expect((await run([...add, KEY])).code).toBe(2);
  });

  test("are not deleted while a model uses them", async () => {
    await ok(add, { piped: KEY });
    await addModel("--key", "house");
    const refused = await run(["keys", "remove", "house"]);
    expect([refused.code, refused.complaints]).toEqual([
      1,
      expect.stringContaining("The key house is used by claude."),
    ]);
    await ok(["models", "remove", "claude"]);
    expect(await ok(["keys", "remove", "house"])).toBe("The key house is deleted.\n");
  });

  test("are told to be closed after another PARLEY_SECRET, and opened by the one before", async () => {
    await ok(add, { piped: KEY });
    await addModel("--key", "house");
    Object.assign(env(), { PARLEY_SECRET: "another-secret-of-the-tests" });
    expect(await ok(["keys", "list"])).toContain("cannot be opened; enter it again");
    expect(await ok(["models", "list"])).toContain("key cannot be opened");
    const wrong = await ok(["keys", "reseal"], { piped: "a-third-secret-of-the-tests" });
    expect(wrong).toContain("to be entered again: house.");
    expect(await ok(["keys", "reseal"], { piped: `${SECRET}\n` })).toBe(
      "1 key is encrypted under the new secret.\n",
    );
    const [model] = await hand("another-secret-of-the-tests");
    expect(model?.credentials).toEqual({ key: KEY });
  });
});

describe("models", () => {
  test("are added by flags, listed, switched, set anew and removed", async () => {
    await addModel(
      ...["--variable", "HOUSE_KEY", "--context-length", "200000", "--features", "chat,tools"],
      ...["--price-input", "3", "--price-output", "15", "--anonymous-only"],
      ...["--max-tokens", "900", "--refuse-system-prompts"],
    );
    expect((await hand())[0]?.entry).toMatchObject({
      ...{ key: "HOUSE_KEY", contextLength: 200_000, features: ["chat", "tools"] },
      ...{ prices: { input: 3, output: 15 }, anonymousOnly: true, systemPrompt: "refuse" },
      parameters: { maxTokens: 900 },
    });
    expect(await ok(["models", "list"])).toBe(
      "claude  anthropic  claude-sonnet-4-5  variable HOUSE_KEY  waiting for its worker\n",
    );
    await ok(["models", "disable", "claude"]);
    expect(await hand()).toEqual([]);
    const same = ["models", "add", "claude", "--provider", "anthropic", "--model", "newer"];
    expect((await run(same)).complaints).toContain("named claude already");
    await ok([...same, "--replace"]);
    const [model] = JSON.parse(await ok(["models", "list", "--json"])).models;
    expect(model).toMatchObject({ entry: { model: "newer" }, isEnabled: false, state: "off" });
    await ok(["models", "enable", "claude"]);
    await ok(["models", "remove", "claude"]);
    expect(await ok(["models", "list"])).toContain("There is no external model.");
  });

  test("that cannot be are refused by what is wrong", async () => {
    const add = ["models", "add", "a", "--provider", "openai-compatible", "--model", "m"];
    expect((await run(add)).complaints).toContain("entry.baseUrl: is missing");
    expect((await run([...add, "--base-url", "ftp://x"])).complaints).toContain("entry.baseUrl");
    expect((await run([...add, "--key", "none"])).complaints).toContain("There is no key");
    expect((await run([...add, "--variable", KEY])).complaints).not.toContain(KEY);
  });
});

describe("import", () => {
  function write(name: string, value: unknown): string {
    const path = join(folder, name);
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value, null, 1));
    return path;
  }

  test("takes a models.yaml over, its variables as names", async () => {
    const path = write(
      "models.yaml",
      `models:
  - { name: quick, provider: openai, model: gpt-4.1-mini, key: HOUSE_KEY }
  - { name: bad, provider: openai, model: m, region: eu }
  - { name: local, provider: openai-compatible, model: m, baseUrl: "http://localhost:9/v1" }
`,
    );
    const { code, written, complaints } = await run(["import", path]);
    expect(code).toBe(1);
    expect(complaints).toContain("1 entry was not imported.");
    expect(written).toBe(
      [
        "imported  quick (openai)",
        "imported  local (openai-compatible)",
        'refused   line 3: region of "bad": has no meaning with openai; leave it out',
        "",
      ].join("\n"),
    );
    expect((await hand()).map(({ name, credentials }) => [name, credentials])).toEqual([
      ["local", undefined],
      ["quick", undefined],
    ]);
  });

  const endpoints = (key: string) => ({
    "gpt-4o": { model_name: "gpt-4o", api_type: "openai", api_key: key },
    "gpt-4.1": { model_name: "gpt-4.1", api_type: "openai", api_key: key },
    other: { model_name: "gpt-5", api_type: "openai", api_key: "sk-other-marmalade" },
    claude: { model_name: "claude-3-opus", api_type: "anthropic_message" },
    old: { model_name: "m", api_type: "bard" },
  });

  test("moves the keys of FastChat's file where they are encrypted, and says what is left", async () => {
    const path = write("api_endpoint.json", endpoints("sk-file-marmalade"));
    const first = await run(["import", path]);
    expect(first.code).toBe(1);
    expect(first.written).toContain(
      'imported  gpt-4.1 (openai), its key moved to "openai of api_endpoint.json"\n',
    );
    expect(first.written).toContain('its key moved to "openai of api_endpoint.json 2"\n');
    expect(first.written).toContain("imported  claude (anthropic)\n");
    expect(first.written).toMatch(/refused {3}line \d+: "old": api_type bard cannot be served: \w/);
    expect(first.written).toContain("still holds the keys");
    expect(first.written + first.complaints).not.toContain("marmalade");
    const rows = await database.db.execute(sql`select provider_keys::text from provider_keys`);
    // One that several entries have is kept once.
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain("marmalade");
    const keyOf = async (name: string) =>
      (await hand()).find((it) => it.name === name)?.credentials;
    expect(await keyOf("gpt-4o")).toEqual({ key: "sk-file-marmalade" });
    expect(await keyOf("other")).toEqual({ key: "sk-other-marmalade" });

    // What is there stays, unless it is to be written anew: then its key is the file's, too.
    write("api_endpoint.json", endpoints("sk-second-marmalade"));
    const again = JSON.parse((await run(["import", path, "--json"])).written);
    expect(again).toMatchObject({ models: [], keys: [], refused: [{ line: expect.any(Number) }] });
    expect(again.kept).toEqual(["gpt-4o", "gpt-4.1", "other", "claude"]);
    expect(await keyOf("gpt-4o")).toEqual({ key: "sk-file-marmalade" });
    await run(["import", path, "--replace"]);
    expect(await keyOf("gpt-4o")).toEqual({ key: "sk-second-marmalade" });
    expect((await readProviders(database.db)).keys).toHaveLength(2);
  });

  test("of no file, or of none that can be read, changes nothing", async () => {
    expect((await run(["import", join(folder, "none.yaml")])).complaints).toContain(
      "There is no file",
    );
    expect((await run(["import", write("broken.yaml", "models: [")])).complaints).toContain(
      "broken.yaml:1:",
    );
    expect(await hand()).toEqual([]);
  });
});
