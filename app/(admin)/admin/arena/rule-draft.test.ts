import { expect, test } from "vitest";
import { arenaSettingsSchema, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { toDraft, toSection } from "./rule-draft";
import { SAMPLING, SECTIONS } from "./rule-fields";

const ALL = [SAMPLING, ...SECTIONS];
const SET = arenaSettingsSchema.parse({
  integrity: {
    tellTales: [{ model: "m", phrases: ["I am M", "by O"] }],
    innocentWords: ["large"],
  },
  calls: {
    models: [
      {
        model: "m",
        perVisitorAndHour: 1,
        perVisitorAndDay: 2,
        perNetworkAndHour: 3,
        perNetworkAndDay: 0,
      },
    ],
  },
  moderation: {
    patterns: [{ name: "n", pattern: "a|b" }],
    endpoint: { url: "https://x.example/v1" },
  },
  terms: { version: "", text: "" },
});

test("every rule has a field but for how models are drawn, and comes back as it was", () => {
  for (const settings of [DEFAULT_ARENA_SETTINGS, SET]) {
    const sections = ALL.map(({ name, fields }) => [
      name,
      toSection(fields, toDraft(fields, settings[name])),
    ]);
    const { models, ...sampling } = settings.sampling;
    expect(models).toEqual([]);
    expect(Object.fromEntries(sections)).toEqual({ ...settings, sampling });
  }
});

test("an empty number is as by default, and not 0", () => {
  const { fields } = SAMPLING;
  const draft = { ...toDraft(fields, SET.sampling), activeVotesMin: " ", uniformShare: "0.5" };
  expect(toSection(fields, draft)).toEqual({ method: "auto", uniformShare: 0.5 });
});
