/** Goal: a keeper finds a model among hundreds by what stands in its row. */
import { expect, test } from "vitest";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import type { ExternalModelView, ProviderKeyView } from "@/lib/protocol/providers-view";
import { findExternal } from "./find-external";

const KEY = "0190b2f4-0000-7000-8000-000000000000";
const keys: ProviderKeyView[] = [
  {
    ...{ id: KEY, name: "House account", provider: "anthropic", opens: true, models: [] },
    ...{ createdAt: "", updatedAt: "" },
  },
];

function model(entry: object, more: Partial<ExternalModelView> = {}): ExternalModelView {
  return {
    ...{ id: crypto.randomUUID(), entry: modelEntrySchema.parse(entry), keyId: null },
    ...{ isEnabled: true, state: "offered", problem: null, updatedAt: "", ...more },
  };
}

const models = [
  model({ name: "lantern", provider: "anthropic", model: "claude-sonnet-4-5" }, { keyId: KEY }),
  model({ name: "gpt", provider: "openai", model: "gpt-5-mini" }, { state: "refused" }),
];

test.each([
  ["", ["lantern", "gpt"]],
  ["  ", ["lantern", "gpt"]],
  ["LANT", ["lantern"]],
  ["sonnet anthropic", ["lantern"]],
  ["house", ["lantern"]],
  ["refused by", ["gpt"]],
  ["sonnet openai", []],
])("%j", (search, names) => {
  expect(findExternal(models, keys, search).map(({ entry }) => entry.name)).toEqual(names);
});
