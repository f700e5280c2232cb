import { expect, test } from "vitest";
import { registerBodySchema } from "./registration";
import { workerCardSchema } from "./worker-card";

const offer = {
  ...{ name: "pico", build: "b", contextLength: 100, features: ["chat"] },
  description: { summary: "Two lines.\n\tOne tab. 🎉", skills: [], examplePrompts: ["a\r\nb"] },
};
const card = {
  ...{ kind: "mock", name: "wörker 1 🎉", version: "1", slots: 1, waitingMax: 1 },
  models: [offer],
};
const withOffer = (fields: object) => ({ ...card, models: [{ ...offer, ...fields }] });
const described = (fields: object) =>
  withOffer({ description: { ...offer.description, ...fields } });

test("a card in many languages and lines is taken as it is", () => {
  expect(workerCardSchema.parse(card)).toEqual(card);
});

test.each([
  ["slots", { ...card, slots: 1e12 }],
  ["waitingMax", { ...card, waitingMax: 2 ** 31 }],
  ["models.0.contextLength", withOffer({ contextLength: 1e12 })],
  ["name", { ...card, name: "a\0b" }],
  ["name", { ...card, name: "\u001b[2J\u001b[31mEVIL\nrow" }],
  ["name", { ...card, name: "a\u202eb" }],
  ["host", { ...card, host: "a\u2028b" }],
  ["models.0.name", withOffer({ name: "x\u001b]0;t\u0007" })],
  ["models.0.name", withOffer({ name: "half \ud83d" })],
  ["models.0.description.summary", described({ summary: "half \ud83d" })],
  ["models.0.description.summary", described({ summary: "a\0b" })],
  ["models.0.description.examplePrompts.0", described({ examplePrompts: ["\u001b[2J"] })],
])("what no database or terminal holds is refused by its field: %s", (path, said) => {
  const [issue, ...others] = workerCardSchema.safeParse(said).error?.issues ?? [];
  expect(issue?.path.join(".")).toBe(path);
  expect(others).toEqual([]);
});

test("names of models that are loaded are held to the same", () => {
  const body = { starting: ["m\0x"] };
  const issues = registerBodySchema.safeParse(body).error?.issues ?? [];
  expect(issues.map(({ path }) => path.join("."))).toContain("starting.0");
});
