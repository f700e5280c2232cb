/**
 * Goal: no provider's row of the table promises what its SDK would not send.
 * Method: every row with all features, every field of it asked of the real SDK without a network.
 */
import { expect, test } from "vitest";
import { type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import { PROVIDER_NAMES, PROVIDERS, type ProviderName } from "@/lib/protocol/provider-table";
import { findFields } from "./served-external";

/** Of models of which the SDK has no objection of its own. */
const MODELS: Partial<Record<ProviderName, string>> = {
  ...{ openai: "gpt-4o", "openai-responses": "gpt-4.1", anthropic: "claude-sonnet-4-5" },
  ...{ "vertex-anthropic": "claude-sonnet-4-5", deepseek: "deepseek-chat" },
  bedrock: "anthropic.claude-3-5-sonnet-20241022-v2:0",
};
const PLACES: Partial<Record<ProviderName, object>> = {
  ...{ "openai-compatible": { baseUrl: "http://localhost:9/v1" }, azure: { resource: "r" } },
  ...{ bedrock: { region: "eu-1" }, "vertex-anthropic": { project: "p", location: "l" } },
};
/** What a package has no way to say although its provider has. */
const KNOWN: Partial<Record<ProviderName, string[]>> = {
  together: ["grammar.json-schema"],
};

function entryOf(provider: ProviderName, more: object = {}): ModelEntry {
  const model = MODELS[provider] ?? "some-model";
  return modelEntrySchema.parse({
    ...{ name: "m", provider, model, features: ["chat", "tools", "images"] },
    ...{ ...PLACES[provider], ...more },
  });
}

test.each(PROVIDER_NAMES)("all that %s is said to honour is sent", async (provider) => {
  const { fields, faults } = await findFields(entryOf(provider));
  expect(faults.map(({ field }) => field)).toEqual(KNOWN[provider] ?? []);
  const { fields: rows, stopsMax } = PROVIDERS[provider];
  const promised = [...rows, ...(stopsMax === 0 ? (["stop"] as const) : [])].filter(
    (it) => it !== "reasoningEffort",
  );
  expect([...fields].sort()).toEqual(
    promised.filter((it) => !KNOWN[provider]?.includes(it)).sort(),
  );
});

test.each(PROVIDER_NAMES.filter((it) => it !== "perplexity"))(
  "how much to reason is sent to %s, where a model reasons",
  async (provider) => {
    const { fields } = await findFields(entryOf(provider, { features: ["chat", "reasoning"] }));
    expect(fields).toContain("reasoningEffort");
  },
);

test("a field that an entry adds and nobody can send is taken away again, with the reason", async () => {
  const { fields, faults } = await findFields(
    entryOf("anthropic", { fields: { "sampling.seed": true, logProbabilityCount: true } }),
  );
  expect(fields).not.toContain("sampling.seed");
  expect(faults).toEqual([
    { field: "sampling.seed", fault: "the SDK has no seed for it" },
    { field: "logProbabilityCount", fault: "the SDK of this provider has no word for it" },
  ]);
});

test("what the SDK knows of a model is believed", async () => {
  const { faults } = await findFields(entryOf("openai", { model: "o3" }));
  expect(faults.map(({ field }) => field)).toContain("sampling.temperature");
});
