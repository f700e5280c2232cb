import { expect, test } from "vitest";
import type { AppError } from "@/lib/errors";
import { type AutoModel, type AutoOptions, chooseAuto } from "./choose-auto";

const price = (prompt: number, completion: number) => ({ prompt, completion });
const model = (name: string, more: Partial<AutoModel> = {}): AutoModel => ({
  ...{ name, features: ["chat"], rating: undefined, price: undefined, firstTokenMs: undefined },
  ...{ defaults: {}, ...more },
});
const MODELS = [
  model("plain"),
  model("good", { rating: 1_100, price: price(2, 4), firstTokenMs: 300 }),
  model("best", { rating: 1_200.4, price: price(10, 30), firstTokenMs: 900 }),
  model("tools", { rating: 900, features: ["chat", "tools"] }),
  model("reader", { rating: 1_500, features: ["embeddings"] }),
];
const base: AutoOptions = { models: MODELS, features: ["chat"], limits: {}, allowed: undefined };
const choose = (more: Partial<AutoOptions> = {}) => chooseAuto({ ...base, ...more });
const namesOf = (more: Partial<AutoOptions> = {}) => choose(more).map((it) => it.model);

function refusal(more: Partial<AutoOptions>): AppError {
  try {
    choose(more);
  } catch (error) {
    return error as AppError;
  }
  throw new Error("nothing was refused");
}

test("the best-rated model that can do it comes first, unrated ones last", () => {
  expect(namesOf()).toEqual(["best", "good", "tools", "plain"]);
  expect(namesOf({ features: ["chat", "tools"] })).toEqual(["tools"]);
  expect(choose()[0]?.why).toBe(
    "auto took the best of 4 models: its rating is 1200, with $10 and $30 a million tokens and under 1 s to the first token.",
  );
});

test("limits leave models out, and what is not known passes", () => {
  expect(namesOf({ limits: { promptPriceMax: 2 } })).toEqual(["good", "tools", "plain"]);
  expect(namesOf({ limits: { completionPriceMax: 0 } })).toEqual(["tools", "plain"]);
  expect(namesOf({ limits: { firstTokenMsMax: 300 } })).toEqual(["good", "tools", "plain"]);
  expect(namesOf({ limits: { models: ["plain", "good"] } })).toEqual(["good", "plain"]);
  expect(choose({ limits: { promptPriceMax: 2 } })[0]?.why).toContain("1 beyond the limits");
});

test("a key chooses among what it may use; with auto in its list, among all", () => {
  expect(namesOf({ allowed: ["good", "alias"] })).toEqual(["good"]);
  expect(namesOf({ allowed: ["auto"] })).toHaveLength(4);
  expect(refusal({ allowed: ["alias"] }).code).toBe("forbidden");
  // What a caller names is the caller's choice and not that of `auto`.
  const limits = { models: ["good"] };
  expect(namesOf({ allowed: ["auto", "good"], limits })).toEqual(["good"]);
  expect(refusal({ allowed: ["auto", "best"], limits })).toMatchObject({
    ...{ code: "forbidden", param: "routing.models" },
  });
});

test("who finds nobody is told what was too tight", () => {
  expect(refusal({ models: [] }).code).toBe("no-worker");
  expect(refusal({ features: ["grammar"] }).code).toBe("not-supported");
  const models = MODELS.filter(({ name }) => ["good", "best"].includes(name));
  expect(refusal({ models, limits: { promptPriceMax: 1 } })).toMatchObject({
    ...{ code: "invalid-request", param: "routing.max_price.prompt" },
    message:
      "`routing.max_price.prompt` leaves no model to answer: the nearest is `good` with $2 a million tokens. Raise it.",
  });
  expect(refusal({ models, limits: { promptPriceMax: 5, firstTokenMsMax: 100 } })).toMatchObject({
    ...{ code: "invalid-request", param: "routing.max_first_token_ms" },
    message:
      "`routing.max_first_token_ms` leaves no model to answer: the nearest is `good` with under 0.5 s to the first token. Raise it.",
  });
  expect(refusal({ limits: { models: ["x"] } })).toMatchObject({ param: "routing.models" });
});

test("no exact time to a first token is told, which would change with others' requests", () => {
  const told = (firstTokenMs: number) =>
    choose({ models: [model("m", { firstTokenMs })] })[0]
      ?.why?.split(" and ")
      .at(-1);
  expect([0, 499.9, 500, 1_999, 2_000, 5_000, 60_000].map(told)).toEqual(
    [
      ...["under 0.5 s", "under 0.5 s", "under 1 s", "under 2 s", "under 5 s"],
      ...["5 s or more", "5 s or more"],
    ].map((it) => `${it} to the first token.`),
  );
});
