import { expect, test } from "vitest";
import { arenaSettingsSchema, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { checkRules } from "./check-rules";
import { compareRules } from "./compare-rules";

type Settings = Parameters<typeof arenaSettingsSchema.parse>[0];

test("the defaults are sound", () => {
  expect(() => checkRules(DEFAULT_ARENA_SETTINGS)).not.toThrow();
});

const perHour = { perVisitorAndHour: 1, perVisitorAndDay: 1 };
const call = { model: "m", ...perHour, perNetworkAndHour: 1, perNetworkAndDay: 1 };
const humanity = {
  ...{ isOn: true, siteKey: "key", scriptUrl: "https://check.example/script.js" },
  verifyUrl: "https://check.example/verify",
};

test.each<[string, Settings]>([
  ["sampling.models.1.model", { sampling: { models: [{ model: "m" }, { model: "m" }] } }],
  ["sampling.models.0.model", { sampling: { models: [{ model: "auto" }] } }],
  ["sampling.models.0.targets", { sampling: { models: [{ model: "m", targets: ["m"] }] } }],
  ["sampling.models.0.targets", { sampling: { models: [{ model: "m", targets: ["n", "n"] }] } }],
  [
    "integrity.tellTales.1.model",
    { integrity: { tellTales: ["m", "m"].map((model) => ({ model, phrases: [] })) } },
  ],
  ["integrity.readSecondsMax", { integrity: { readSecondsMin: 5, readSecondsMax: 4 } }],
  ["calls.models.1.model", { calls: { models: [call, call] } }],
  ["moderation.endpoint.url", { moderation: { judge: "endpoint" } }],
  [
    "moderation.patterns.1.name",
    { moderation: { patterns: ["x", "y"].map((pattern) => ({ name: "n", pattern })) } },
  ],
  ["terms.text", { terms: { text: " " } }],
  ["humanity.siteKey", { humanity: { ...humanity, siteKey: " " } }],
  ["humanity.scriptUrl", { humanity: { ...humanity, scriptUrl: undefined } }],
  ["humanity.verifyUrl", { humanity: { ...humanity, verifyUrl: undefined } }],
])("%s is named where it is wrong", (param, settings) => {
  const check = () => checkRules(arenaSettingsSchema.parse(settings));
  expect(check).toThrow(expect.objectContaining({ code: "invalid-request", param }));
});

test.each<Settings>([
  { humanity },
  { terms: { version: "", text: "" } },
  { moderation: { judge: "endpoint", endpoint: { url: "https://judge.example/v1/moderations" } } },
])("whole rules are let through", (settings) => {
  expect(() => checkRules(arenaSettingsSchema.parse(settings))).not.toThrow();
});

test("changes are told by the names of rows, and by nothing else that moved", () => {
  const rules = (settings: Settings) => arenaSettingsSchema.parse(settings);
  const before = rules({ sampling: { models: [{ model: "b", weight: 2 }] } });
  const after = rules({
    pace: { isFair: false },
    integrity: { innocentWords: ["large"] },
    sampling: {
      models: [
        { model: "a.b", isOut: true },
        { model: "b", weight: 3, targets: ["x"] },
      ],
    },
  });
  const changes = compareRules(before, after);
  expect(changes).toContainEqual({ rule: "pace.isFair", before: "true", after: "false" });
  expect(changes).toContainEqual({
    ...{ rule: "integrity.innocentWords", before: null, after: '["large"]' },
  });
  expect(changes).toContainEqual({ rule: "sampling.models.b.weight", before: "2", after: "3" });
  expect(changes).toContainEqual({
    ...{ rule: "sampling.models.b.targets", before: null, after: '["x"]' },
  });
  expect(changes).toContainEqual({
    ...{ rule: "sampling.models.a.b.isOut", before: null, after: "true" },
  });
  expect(changes.filter(({ before: old }) => old !== null)).toHaveLength(2);
  expect(compareRules(after, after)).toEqual([]);
});
