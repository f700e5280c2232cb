import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { env } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import type { FlagValues } from "../backend-definition";
import { HUGGINGFACE } from "./huggingface-definition";

beforeEach(() => {
  vi.stubEnv("HF_TOKEN", "hf_of_the_test");
  vi.stubEnv("HF_ENDPOINT", "");
  vi.stubEnv("OTHER", "sk-other");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function prepare(values: FlagValues, models: string[] = []) {
  const context = {
    environment: env(),
    models,
    slots: undefined,
    command: [],
    word: "huggingface",
  };
  return HUGGINGFACE.prepare({ check: true, ...values }, context);
}

test.each<[FlagValues, string[], RegExp]>([
  [
    {},
    ["org/name"],
    /^org\/name: org\/name, asked of the hub's providers \(auto\)\n {2}token: found/m,
  ],
  [{ provider: "groq", "token-env": "OTHER" }, ["org/name"], /providers \(groq\)/],
  [
    { endpoint: "https://a.endpoints.huggingface.cloud/" },
    [],
    /^a\.endpoints\.huggingface\.cloud: the model there, asked of a\.endpoints/m,
  ],
  [{ endpoint: "http://10.0.0.7:8080" }, ["zephyr"], /asked of 10\.0\.0\.7:8080\n {2}token: none/],
])("%j %j", async (values, models, told) => {
  const prepared = prepare(values, models);
  const text = (await prepared.check()) ?? "";
  expect(text).toMatch(told);
  expect(text + JSON.stringify(prepared.settings)).not.toMatch(/hf_of|sk-/);
  expect(prepared.starting).toHaveLength(1);
});

test.each<[FlagValues, string[], RegExp]>([
  [{}, [], /No model is named/],
  [{}, ["a/b", "c/d"], /Several models, and no file/],
  [{ provider: "nobody" }, ["a/b"], /--provider is one of auto/],
  [{ endpoint: "gpu-1:8080" }, [], /--endpoint is a URL/],
  [{ endpoint: "http://h", provider: "groq" }, [], /--provider is of the hub's router/],
  [
    { "token-env": "hf_abc-clear" },
    ["a/b"],
    /--token-env must be the name of an environment variable/,
  ],
  [{ "token-env": "UNSET" }, ["a/b"], /variable UNSET, which is not set/],
  [{ "token-env": "OTHER" }, ["a/b"], /none of Hugging Face's/],
  [{ config: "models.yaml", endpoint: "http://h" }, [], /--endpoint says what the file says/],
  [{ router: "nowhere" }, ["a/b"], /--router is a URL/],
])("%j %j is refused by its name", (values, models, message) => {
  expect(() => prepare(values, models)).toThrowError(StartError);
  expect(() => prepare(values, models)).toThrowError(message);
});
