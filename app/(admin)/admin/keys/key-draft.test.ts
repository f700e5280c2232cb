import { expect, test } from "vitest";
import { createKeyBodySchema, type KeyView, updateKeyBodySchema } from "@/lib/protocol/key-view";
import { EMPTY_DRAFT, toBody, toDraft } from "./key-draft";

const VIEW: KeyView = {
  ...{ id: "0198c0de-0000-7000-8000-000000000001", name: "ci", prefix: "pk-parley-abcdef" },
  ...{ scopes: ["read"], models: ["pico-l", "org/m:7b"], state: "live" },
  limits: { dollarsPerDay: 0.25, models: { "pico-l": { requestsPerMinute: 5 } } },
  ...{ createdAt: "2026-11-21T10:00:00.000Z", expiresAt: "2027-01-02T03:04:05.000Z" },
  ...{ revokedAt: null, lastUsedAt: null },
};

test("a key that is edited without a change stays what it is, to the second", () => {
  const { name, scopes, models, limits, expiresAt } = VIEW;
  const body = toBody(toDraft(VIEW), VIEW);
  expect(body).toEqual({ name, scopes, models, limits, expiresAt });
  expect(updateKeyBodySchema.parse(body)).toEqual(body);
});

test("empty fields are no limits, all models and no end", () => {
  const body = toBody({ ...EMPTY_DRAFT, name: "x", limits: { tokensPerDay: " " } });
  expect(body).toMatchObject({ models: null, limits: {}, expiresAt: null });
  expect(createKeyBodySchema.parse(body).scopes).toHaveLength(3);
});

test("models may stand in lines or between commas; a day is held to its end", () => {
  const body = toBody({ ...EMPTY_DRAFT, models: "a, b\n\n c ", expiresOn: "2027-01-02" });
  expect(body.models).toEqual(["a", "b", "c"]);
  expect(new Date(body.expiresAt ?? "").getDate()).toBe(2);
  expect(new Date(body.expiresAt ?? "").getHours()).toBe(23);
});

test("what is no number is left to the server to name", () => {
  const body = toBody({ ...EMPTY_DRAFT, name: "x", limits: { tokensPerDay: "many" } });
  expect(createKeyBodySchema.safeParse(body).error?.issues[0]?.path).toEqual([
    "limits",
    "tokensPerDay",
  ]);
});
