/**
 * Goal: how much is to be reasoned reaches the model by its own chat template, from both APIs, and tokens are
 * counted with it. Method: a bundled model under templates of two kinds, served by the real backend; what a
 * template wrote is seen in the number of the prompt's tokens.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const SOURCE = join(import.meta.dirname, "../../models/pico-s");
const TURNS =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n";
const TEMPLATES = {
  /** A switch, on unless told, as Qwen3's; four words where it is off. */
  switched: `${TURNS}{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}`,
  /** A word of the prompt, as gpt-oss's; each level is another number of tokens. */
  worded: `{% set words = {"low": "a", "medium": "a a a", "high": "a a a a a a"} %}{{ words[reasoning_effort | default("medium")] }}${TURNS}{% if false %}<think></think>{% endif %}`,
};
const messages = [{ role: "user" as const, content: "Hello there" }];
let folder: string;
let api: ApiServer;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-reasoning-"));
  const modelFolders: string[] = [];
  for (const [name, chat_template] of Object.entries(TEMPLATES)) {
    const target = join(folder, name);
    await cp(SOURCE, target, { recursive: true });
    const path = join(target, "tokenizer_config.json");
    const config = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...config, chat_template }));
    modelFolders.push(target);
  }
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders, threads: 1, slots: 2 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  const common = { apiKey: "api-key-of-the-tests", maxRetries: 0 };
  openai = new OpenAI({ ...common, baseURL: `${api.url}/v1` });
  anthropic = new Anthropic({ ...common, baseURL: api.url });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

/** Tokens of the prompt. */
async function ask(model: string, effort?: OpenAI.ReasoningEffort): Promise<number | undefined> {
  const more = effort === undefined ? {} : { reasoning_effort: effort };
  const reply = await openai.chat.completions.create({ model, messages, max_tokens: 1, ...more });
  return reply.usage?.prompt_tokens;
}

test("an effort turns a switch, or becomes the nearest word", async () => {
  const on = await ask("switched");
  for (const effort of ["low", "high", "max"] as const) {
    expect(await ask("switched", effort)).toBe(on);
  }
  expect(await ask("switched", "none")).toBeGreaterThan(on ?? 0);
  expect(await ask("switched", null)).toBe(on);
  const [low, medium, high] = [
    await ask("worded", "low"),
    await ask("worded"),
    await ask("worded", "high"),
  ];
  expect(low).toBeLessThan(medium ?? 0);
  expect(medium).toBeLessThan(high ?? 0);
  expect(await ask("worded", "minimal")).toBe(low);
  expect(await ask("worded", "xhigh")).toBe(high);
});

test("none is refused of a model that always reasons, naming what it takes", async () => {
  const error = await ask("worded", "none").catch((it: unknown) => it);
  expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  expect(error).toMatchObject({
    ...{ code: "unsupported_parameter", param: "reasoning_effort" },
    message: expect.stringContaining("low, medium, high"),
  });
});

test("Anthropic's words for it do the same, and tokens are counted with them", async () => {
  const count = async (model: string, more: object) => {
    const counted = await anthropic.messages.countTokens({ model, messages, ...more });
    const { usage } = await anthropic.messages.create({ model, messages, max_tokens: 1, ...more });
    const charged = usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
    expect(counted.input_tokens).toBe(charged);
    return charged;
  };
  const on = await ask("switched");
  const off = await ask("switched", "none");
  expect(await count("switched", {})).toBe(off);
  expect(await count("switched", { thinking: { type: "disabled" } })).toBe(off);
  expect(await count("switched", { thinking: { type: "adaptive" } })).toBe(on);
  // A model that always reasons is not refused for it: nobody sees what it thinks.
  expect(await count("worded", { thinking: { type: "disabled" } })).toBe(await ask("worded"));
  expect(await count("worded", { output_config: { effort: "low" } })).toBe(
    await ask("worded", "low"),
  );
});
