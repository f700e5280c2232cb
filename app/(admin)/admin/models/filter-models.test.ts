import { expect, test } from "vitest";
import type { AdminModel } from "@/lib/protocol/catalog-view";
import { filterModels } from "./filter-models";

const EVERYWHERE = { arena: true, direct: true, api: true, isAnonymousOnly: false };

function model(name: string, more: Partial<AdminModel> = {}): AdminModel {
  return {
    ...{ model: name, isAwake: true, isSet: false, isHidden: false, retiredAt: null },
    ...{ defaults: {}, price: null, limits: {}, fallbacks: [], dispatch: null, card: {} },
    ...{ visibility: EVERYWHERE, told: null, charged: null, servers: [] },
    ...more,
  };
}

const description = { organization: "Told Labs", skills: [], examplePrompts: [] };
const MODELS = [
  model("pico-s", { told: { description, price: null } }),
  model("pico-l", {
    told: { description, price: null },
    ...{ card: { organization: "Acme", licence: "MIT" }, isSet: true },
  }),
  model("hush", {
    isAwake: false,
    visibility: { arena: true, direct: false, api: false, isAnonymousOnly: true },
  }),
];
const names = (search: string, filter: Parameters<typeof filterModels>[1]["filter"] = "all") =>
  filterModels(MODELS, { search, filter }).map((it) => it.model);

test("words are looked for in names, makers and licences, as they are shown", () => {
  expect(names("")).toHaveLength(3);
  expect(names(" PICO ")).toEqual(["pico-s", "pico-l"]);
  expect(names("labs")).toEqual(["pico-s"]);
  expect(names("acme mit")).toEqual(["pico-l"]);
  expect(names("acme apache")).toEqual([]);
});

test("models are told by where they are met and what is known of them", () => {
  expect(names("", "arena")).toHaveLength(3);
  expect(names("", "direct")).toEqual(["pico-s", "pico-l"]);
  expect(names("", "private")).toEqual(["hush"]);
  expect(names("", "awake")).toEqual(["pico-s", "pico-l"]);
  expect(names("pico", "set")).toEqual(["pico-l"]);
});
