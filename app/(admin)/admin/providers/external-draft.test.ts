import { expect, test } from "vitest";
import { type ModelEntry, modelEntrySchema } from "@/lib/protocol/model-entry";
import { externalModelBodySchema } from "@/lib/protocol/providers-view";
import {
  EMPTY_EXTERNAL,
  keysFor,
  onlyKeyOf,
  toExternalBody,
  toExternalDraft,
} from "./external-draft";

const ID = "0190b2f4-0000-7000-8000-000000000000";

function viewOf(entry: ModelEntry, keyId: string | null = null) {
  return {
    ...{ id: ID, entry, keyId, isEnabled: true, state: "offered" as const, problem: null },
    updatedAt: "2026-11-22T06:00:00.000Z",
  };
}

test("an entry with all that an entry may say comes out of the form as it went in", () => {
  const entry = modelEntrySchema.parse({
    ...{ name: "Lantern", provider: "azure", model: "gpt", key: "AZURE_KEY", resource: "r" },
    ...{ apiVersion: "2024-10-21", organization: "Lantern Works", licence: "proprietary" },
    ...{ hasOpenWeights: false, summary: "Two\nlines.", link: "https://lantern.example/" },
    ...{ contextLength: 200_000, features: ["chat", "tools"], anonymousOnly: true },
    prices: { input: 3, output: 15, cachedInput: 0.3 },
    parameters: {
      ...{ topK: 40, maxTokens: 900, options: { user: "x" }, extraBody: { a: [1, null] } },
    },
    fixed: { temperature: 1, topP: 0.5 },
    fields: { "sampling.topK": true, stop: false },
    ...{ systemPrompt: { prepend: "Be brief." }, reasoningBy: "budget", silenceSeconds: 60 },
  });
  const body = externalModelBodySchema.parse(toExternalBody(toExternalDraft(viewOf(entry)), true));
  expect(body).toEqual({ entry, keyId: null, isEnabled: true });
});

test("an empty form says no more than its defaults", () => {
  const draft = { ...EMPTY_EXTERNAL, name: " a ", model: "gpt-4o" };
  const { entry } = externalModelBodySchema.parse(toExternalBody(draft, true));
  expect(entry).toEqual(modelEntrySchema.parse({ name: "a", provider: "openai", model: "gpt-4o" }));
});

test("what another provider has stays in the fields and is not sent", () => {
  const places = { key: "HOUSE_KEY", region: "eu-1", baseUrl: "https://x.example/v1" };
  const draft = { ...EMPTY_EXTERNAL, name: "a", model: "m", places };
  expect(toExternalBody(draft, true).entry).toMatchObject({ key: "HOUSE_KEY" });
  expect(toExternalBody(draft, true).entry).not.toHaveProperty("region");
  // A stored key takes the place of variables.
  expect(toExternalBody({ ...draft, keyId: ID }, true).entry).not.toHaveProperty("key");
});

test("what is no JSON is told at its field", () => {
  const draft = { ...EMPTY_EXTERNAL, extraBody: "{a: 1}" };
  expect(() => toExternalBody(draft, true)).toThrow(
    expect.objectContaining({ param: "entry.parameters.extraBody" }),
  );
});

test("a model is offered the keys of its provider alone", () => {
  const key = (provider: "openai" | "anthropic") => ({
    ...{ id: ID, name: provider, provider, opens: true, models: [] },
    ...{ createdAt: "", updatedAt: "" },
  });
  const keys = [key("openai"), key("anthropic")];
  const names = (provider: Parameters<typeof keysFor>[0]) =>
    keysFor(provider, keys).map(({ name }) => name);
  expect(names("openai-responses")).toEqual(["openai"]);
  expect(names("anthropic")).toEqual(["anthropic"]);
  expect(names("groq")).toEqual([]);
  expect(names("vertex-anthropic")).toEqual([]);
});

test("the only key of a provider is meant, and of several none", () => {
  const key = (id: string, provider: "openai" | "anthropic") => ({
    ...{ id, name: id, provider, opens: true, models: [], createdAt: "", updatedAt: "" },
  });
  const keys = [key("one", "openai"), key("two", "anthropic"), key("three", "anthropic")];
  expect(onlyKeyOf("openai", keys)).toBe("one");
  expect(onlyKeyOf("openai-responses", keys)).toBe("one");
  expect(onlyKeyOf("anthropic", keys)).toBe("");
  expect(onlyKeyOf("groq", keys)).toBe("");
});
