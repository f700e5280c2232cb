import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root";

/** The ways through a worker: kinds of backends, and of the one for providers some of these. */
export const WAY_NAMES = [
  ...(["openai-compatible", "vllm", "openai", "anthropic", "google"] as const),
  ...(["bedrock", "cohere", "huggingface", "custom"] as const),
] as const;
export type WayName = (typeof WAY_NAMES)[number];

/** As their servers call them; the SDK has an opinion of what some can, by their names. */
export const MODELS: Record<WayName, string> = {
  "openai-compatible": "stand-in",
  vllm: "stand-in",
  openai: "gpt-4o-stand-in",
  anthropic: "claude-sonnet-4-5",
  google: "gemini-3-stand-in",
  bedrock: "anthropic.claude-3-5-sonnet-20241022-v2:0",
  cohere: "command-stand-in",
  huggingface: "bench-huggingface",
  custom: "bench-custom",
};

/** As they are asked for here. */
export const shownAs = (name: WayName): string => `bench-${name}`;

/** Where each kind of backend stands for itself; providers are told by name. */
export const titleOf = (name: WayName): string => (name in EXTERNALS ? `external: ${name}` : name);

type External = { path: string; key: string; more?: object };
/** Keys that the stand-ins let in. */
const EXTERNALS: Partial<Record<WayName, External>> = {
  openai: { path: "/v1", key: "sk-stand-in" },
  anthropic: { path: "/v1", key: "sk-ant-stand-in" },
  google: { path: "/v1beta", key: "goog-stand-in" },
  bedrock: {
    path: "",
    key: "",
    more: { region: "eu-stand-1", accessKeyId: "BENCH_KEY_ID", secretAccessKey: "BENCH_SECRET" },
  },
  cohere: { path: "/v2", key: "co-stand-in" },
};

export type WorkerStart = { words: string[]; env: Record<string, string> };

/** How its worker is started, before the server at `port`. @param folder for files of the worker's. */
export function toWorkerStart(name: WayName, port: number, folder: string): WorkerStart {
  const url = `http://127.0.0.1:${port}`;
  const named = ["--model", `${MODELS[name]}=${shownAs(name)}`];
  if (name === "openai-compatible") {
    const words = ["--backend", name, "--base-url", `${url}/v1`, "--no-probe", ...named];
    return { words, env: {} };
  }
  if (name === "huggingface") {
    return { words: ["--backend", name, "--model", MODELS[name], "--endpoint", url], env: {} };
  }
  if (name === "vllm") return { words: ["--backend", name, "--base-url", url, ...named], env: {} };
  if (name === "custom") {
    const path = join(folder, "ollama-backend.mjs");
    writeFileSync(path, readExample());
    return { words: ["--backend", path, "--option", `server=${url}`], env: {} };
  }
  const external = EXTERNALS[name];
  if (external === undefined) throw new Error(`${name} has no entry.`);
  const { path, key, more = {} } = external;
  const entry = {
    ...{ name: shownAs(name), provider: name, model: MODELS[name], contextLength: 2_048 },
    ...{ baseUrl: url + path, ...(key !== "" && { key: "BENCH_KEY" }), ...more },
  };
  const config = join(folder, `${name}.yaml`);
  // Every JSON is YAML.
  writeFileSync(config, JSON.stringify({ models: [entry] }));
  return {
    words: ["--backend", "external", "--config", config],
    env: { BENCH_KEY: key, BENCH_KEY_ID: "AKIASTANDIN", BENCH_SECRET: "stand-in" },
  };
}

/** The module that the how-to shows. */
function readExample(): string {
  const page = readFileSync(join(ROOT, "docs/how-to/write-your-own-backend.md"), "utf8");
  const example = /^```js\n(\/\/ ollama-backend\.mjs\n.*?)^```$/ms.exec(page)?.[1];
  if (example === undefined) throw new Error("The how-to of own backends has no example.");
  return example;
}
