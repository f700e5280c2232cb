import { afterEach, expect, test, vi } from "vitest";
import { parseEnv } from "@/lib/env";
import { parseFlags } from "../flags";
import type { OpenAiCompatibleOptions } from "./openai-compatible";

const ENVIRONMENT = parseEnv({ PARLEY_WORKER_SECRET: "a-secret-of-sixteen" });
const KEY = "sk-never-to-be-told";

afterEach(() => vi.unstubAllEnvs());

function read(...words: string[]): OpenAiCompatibleOptions {
  const all = ["--backend", "openai-compatible", ...words];
  // The settings are those of the kind that the words name.
  return parseFlags(all, ENVIRONMENT)?.backend.settings as OpenAiCompatibleOptions;
}

const HERE = ["--base-url", "http://127.0.0.1:8080/v1/"];

test("flags are read, and models shown under other names", () => {
  const options = read(...HERE, "--model", "a/b=Lantern 1", "--model", "c", "--slots", "7");
  expect(options).toMatchObject({
    baseUrl: "http://127.0.0.1:8080/v1",
    models: [
      { upstreamName: "a/b", name: "Lantern 1" },
      { upstreamName: "c", name: "c" },
    ],
    ...{ slots: 7, mayProbe: true, server: undefined, contextLength: undefined },
  });
  const more = ["--server", "ollama", "--context-length", "4096", "--no-probe"];
  const fields = ["--honours", "sampling.seed", "--lacks", "images"];
  expect(read(...HERE, ...more, ...fields)).toMatchObject({
    ...{ server: "ollama", contextLength: 4_096, mayProbe: false },
    ...{ honours: ["sampling.seed"], lacks: ["images"], slots: undefined },
  });
});

test("keys come from variables, and are in no settings that somebody could write down", () => {
  vi.stubEnv("UPSTREAM_KEY", `${KEY}\n`);
  vi.stubEnv("TEAM", "blue");
  const options = read(...HERE, "--api-key-env", "UPSTREAM_KEY", "--header", "X-Team=TEAM");
  expect(options.headers()).toEqual({ authorization: `Bearer ${KEY}`, "x-team": "blue" });
  expect(JSON.stringify(options)).not.toContain(KEY);
});

test.each([
  [[], /No server/],
  [["--base-url", "8080"], /http:\/\//],
  [["--base-url", "http://me:word@host/v1"], /password/],
  [[...HERE, "--api-key-env", "sk-a-key-itself"], /name of a variable/],
  [[...HERE, "--api-key-env", "NOT_SET_HERE"], /NOT_SET_HERE/],
  [[...HERE, "--header", "x-key: sk-a-key-itself"], /--header is a name and a variable/],
  [[...HERE, "--server", "vllm"], /sglang/],
  [[...HERE, "--model", "a=x", "--model", "b=x"], /two models as x/],
  [[...HERE, "--honours", "top_k"], /sampling\.topK/],
])("%o is refused with what to do, and without a key", (words, message) => {
  const attempt = () => read(...words);
  expect(attempt).toThrow(message);
  expect(attempt).not.toThrow(/sk-/);
});
