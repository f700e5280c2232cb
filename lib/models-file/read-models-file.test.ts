import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { readModelsFile } from "./read-models-file";

const KEYS: Record<string, string> = {
  ...{ OPENAI_API_KEY: "sk-1", OWN_KEY: "sk-2", ANTHROPIC_API_KEY: "sk-3" },
  ...{ AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret", GCP_PROJECT_ID: "p" },
  ...{ GCP_LOCATION: "europe-west1", TORN_KEY: "sk-hush\nhush", ODD_KEY: "sk-hush\u200b-x" },
  PADDED_KEY: " sk-4\n",
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-models-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string, name = "models.yaml") {
  const path = join(folder, name);
  writeFileSync(path, text);
  return readModelsFile({ path, variable: (it) => KEYS[it] });
}

function faultOf(text: string, name?: string): string {
  try {
    read(text, name);
  } catch (error) {
    if (error instanceof StartError) return error.line;
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("models.yaml", () => {
  test("is read with its keys from variables, its defaults filled", () => {
    const { models, warnings } = read(`models:
  - name: quick
    provider: openai
    model: gpt-4.1-mini
    contextLength: 1047576
    features: [chat, tools]
    prices: { input: 0.4, output: 1.6, cachedInput: 0.1 }
    parameters: { temperature: 0.7 }
    key: OWN_KEY
    licence:
  - { name: claude, provider: anthropic, model: claude-sonnet-4-5, fixed: { temperature: 1 } }
  - { name: nova, provider: bedrock, model: amazon.nova-pro-v1:0, region: eu-north-1 }
  - { name: local, provider: openai-compatible, model: m, baseUrl: "http://localhost:9/v1" }
`);
    expect(warnings).toEqual([]);
    expect(models.map(({ credentials }) => credentials)).toEqual([
      { key: "sk-2" },
      { key: "sk-3" },
      { accessKeyId: "AKIA", secretAccessKey: "secret" },
      {},
    ]);
    expect(models[0]?.entry).toMatchObject({
      ...{ name: "quick", systemPrompt: "allow", anonymousOnly: false, fixed: {} },
      prices: { input: 0.4, output: 1.6, cachedInput: 0.1 },
    });
    expect(models[1]?.entry.features).toEqual(["chat"]);
  });

  const entry = (more: string) =>
    `models:\n  - name: a\n    provider: openai\n    model: m\n    ${more}\n`;

  test.each([
    ["no list", "port: 3000", /models\.yaml:1: has no list `models`/],
    [
      "a key of nobody's",
      entry("temprature: 1"),
      /:5: the key temprature of "a" is none that a model has/,
    ],
    ["a provider of nobody's", entry("x: 1").replace("openai", "opnai"), /:3: provider of "a": /],
    [
      "a temperature beyond",
      entry("parameters: { temperature: 3 }"),
      /:5: parameters\.temperature of "a": Too big/,
    ],
    [
      "a key in place of its name",
      entry("key: sk-abc-def"),
      /:5: key of "a": must be the name of an environment variable/,
    ],
    [
      "a variable that is not set",
      entry("key: NOT_SET"),
      /:2: key of "a" names the variable NOT_SET, which is not set/,
    ],
    [
      "a place of another provider",
      entry("region: eu-1"),
      /:5: region of "a": has no meaning with openai/,
    ],
    [
      "a place that is missing",
      entry("contextLength: 5").replace("openai", "openai-compatible"),
      /:2: baseUrl of "a": is missing, which openai-compatible needs/,
    ],
    [
      "no key at all",
      entry("licence: x").replace("openai", "groq"),
      /:2: there is no key for "a": set GROQ_API_KEY/,
    ],
    [
      "a name twice",
      `${entry("licence: x")}  - { name: a, provider: openai, model: n }\n`,
      /:6: the name "a" is that of line 2 already/,
    ],
    ["no YAML", "models: [", /models\.yaml:1: /],
    [
      "two words for one thing",
      entry("fixed: { temperature: 1 }\n    parameters: { temperature: 0.5 }"),
      /:6: parameters\.temperature of "a": says 0\.5, and fixed\.temperature says 1; keep one/,
    ],
    ["a URL that is none", entry("baseUrl: localhost:80"), /:5: baseUrl of "a": must be a URL/],
    ...["PARLEY_SECRET", "PARLEY_WORKER_SECRET_FILE", "DATABASE_URL", "parley_secret"].map(
      (name): [string, string, RegExp] => [
        `${name} in place of a provider's key`,
        entry(`key: ${name}`),
        /:5: key of "a": names a setting of Parley's own/,
      ],
    ),
    ...["TORN_KEY", "ODD_KEY"].map((name): [string, string, RegExp] => [
      `${name}, which would stand in the error of whoever makes a header of it,`,
      entry(`key: ${name}`),
      /:2: key of "a" names the variable \w+_KEY, which holds what no header can/,
    ]),
    [
      "a password in an address",
      entry('baseUrl: "https://me:hush@a.test/v1"'),
      /:5: baseUrl of "a": holds a password or a query/,
    ],
    [
      "a key in an address",
      entry('baseUrl: "https://a.test/v1?key=hush"'),
      /:5: baseUrl of "a": holds a password or a query/,
    ],
  ])("%s is refused by line and remedy", (_what, text, expected) => {
    const fault = faultOf(text);
    expect(fault).toMatch(expected);
    expect(fault).toMatch(/how-to/);
    expect(fault).not.toContain("\n");
    expect(fault).not.toContain("hush");
  });

  test("white space around a key is none of it", () => {
    const { models } = read(entry("key: PADDED_KEY"));
    expect(models.map(({ credentials }) => credentials)).toEqual([{ key: "sk-4" }]);
  });

  test("several faults are told at once, and no key with them", () => {
    const fault = faultOf(entry("tempo: 1\n    key: sk-secret-of-mine"));
    expect(fault).toMatch(/tempo.*; .*key of "a"/);
    expect(fault).not.toContain("sk-secret-of-mine");
  });

  test("a file that is not there is named", () => {
    expect(() => readModelsFile({ path: join(folder, "none.yaml") })).toThrow(
      /There is no file .*none\.yaml/,
    );
  });
});

describe("FastChat's file", () => {
  const endpoints = (value: object) => JSON.stringify(value, null, 2);

  test("is read as it is, its keys with a warning each", () => {
    const { models, warnings } = read(
      endpoints({
        "gpt-4o": {
          ...{ model_name: "gpt-4o-2024-05-13", api_type: "openai", api_base: null },
          ...{ api_key: "sk-in-file", anony_only: true, "vision-arena": true, "text-arena": true },
          recommended_config: { temperature: 0.7, top_p: 1, max_new_tokens: 2048 },
        },
        o1: { model_name: "o1", api_type: "openai_o1", anony_only: false },
        ours: {
          ...{ model_name: "llama", api_type: "openai", api_base: "http://10.0.0.5:8000/v1" },
          ...{ api_key: "EMPTY", anony_only: false },
          recommended_config: { extra_body: { repetition_penalty: 1.1 } },
        },
        claude: {
          model_name: "claude-3-opus-20240229",
          api_type: "anthropic_message",
          api_key: null,
        },
        "claude-on-google": { model_name: "claude-3@1", api_type: "anthropic_message_vertex" },
        north: {
          model_name: "gpt-4-azure",
          api_type: "openai",
          api_base: "https://x.openai.azure.com",
          api_key: "k",
        },
      }),
      "api_endpoint.json",
    );
    expect(models.map(({ entry }) => [entry.name, entry.provider])).toEqual([
      ...[
        ["gpt-4o", "openai"],
        ["o1", "openai"],
        ["ours", "openai-compatible"],
      ],
      ...[
        ["claude", "anthropic"],
        ["claude-on-google", "vertex-anthropic"],
        ["north", "azure"],
      ],
    ]);
    expect(models[0]).toMatchObject({
      credentials: { key: "sk-in-file" },
      entry: {
        ...{ anonymousOnly: true, features: ["chat", "images"] },
        parameters: { temperature: 0.7, topP: 1, maxTokens: 2048 },
      },
    });
    expect(models[1]).toMatchObject({
      credentials: { key: "sk-1" },
      entry: { fixed: { temperature: 1 }, features: ["chat", "reasoning"] },
    });
    expect(models[2]?.entry.parameters).toEqual({ extraBody: { repetition_penalty: 1.1 } });
    expect(models[4]?.entry).toMatchObject({ project: "p", location: "europe-west1" });
    expect(models[5]?.entry.baseUrl).toBe("https://x.openai.azure.com/openai");
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/The key of "gpt-4o" stands in the file/);
    expect(warnings.join()).not.toContain("sk-in-file");
  });

  test("a key that no header can hold is refused by its entry alone", () => {
    const model = { model_name: "m", api_type: "openai", api_key: "sk-hush\nhush" };
    const fault = faultOf(endpoints({ torn: model }), "api_endpoint.json");
    expect(fault).toMatch(/the key of "torn" holds what no header can/);
    expect(fault).not.toContain("hush");
  });

  test.each(["bard", "openai_assistant", "ai2", "yandexgpt", "column", "metagen"])(
    "%s, which nobody serves any more, is refused with the reason",
    (api_type) => {
      const text = endpoints({ old: { model_name: "m", api_type, anony_only: false } });
      expect(faultOf(text, "api_endpoint.json")).toMatch(
        new RegExp(`api_endpoint\\.json:4: "old": api_type ${api_type} cannot be served: \\w`),
      );
    },
  );

  test("a kind or a key that FastChat has not is named with its line", () => {
    const text = endpoints({
      a: { model_name: "m", api_type: "nonesuch" },
      b: { api_type: "openai", mode: 1 },
    });
    const fault = faultOf(text, "api_endpoint.json");
    expect(fault).toMatch(/:4: "a": api_type nonesuch is none of FastChat's/);
    expect(fault).toMatch(/model_name of "b"/);
  });
});
