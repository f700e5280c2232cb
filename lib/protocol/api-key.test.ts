import { expect, test } from "vitest";
import { KEY_MODELS_MAX } from "@/lib/limits";
import { keyLimitsSchema } from "./api-key";

test("a key is limited at so many models and no more: each is counted for itself", () => {
  const models = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, { tokensPerDay: 1 }]));
  expect(keyLimitsSchema.safeParse({ models: models(KEY_MODELS_MAX) }).success).toBe(true);
  const refused = keyLimitsSchema.safeParse({ models: models(KEY_MODELS_MAX + 1) });
  expect(refused.error?.issues[0]?.path).toEqual(["models"]);
});
