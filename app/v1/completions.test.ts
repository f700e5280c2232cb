/**
 * Goal: programs that complete texts and evaluate models get from OpenAI's older endpoint what they expect.
 * Method: the official package against the route handlers, with a bundled model served by the real backend.
 */
import { join } from "node:path";
import OpenAI from "openai";
import type { CompletionCreateParams } from "openai/resources/completions";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { COMPLETION_PROMPTS_MAX } from "@/lib/limits";
import { completionRequestSchema } from "@/lib/openai/completions/request";
import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const ROOT = join(import.meta.dirname, "../..");
const model = "pico-s";
const prompt = "The capital of Japan is";
let api: ApiServer;
let client: OpenAI;

beforeAll(async () => {
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(ROOT, "models", model)], threads: 1, slots: 4 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "api-key-of-the-tests", maxRetries: 0 });
});
afterAll(() => api.close());

const ask = (more: object = {}) =>
  client.completions.create({ ...{ model, prompt, temperature: 0, seed: 1 }, ...more });

// Fails to compile when the package knows a field that is not read, accepted or refused here.
const FIELDS: Record<keyof CompletionCreateParams, true> = {
  ...{ model: true, prompt: true, best_of: true, echo: true, frequency_penalty: true },
  ...{ logit_bias: true, logprobs: true, max_tokens: true, n: true, presence_penalty: true },
  ...{ seed: true, stop: true, stream: true, stream_options: true, suffix: true },
  ...{ temperature: true, top_p: true, user: true },
};

test("every field of the package's type is known", () => {
  expect(Object.keys(completionRequestSchema.shape)).toEqual(
    expect.arrayContaining(Object.keys(FIELDS)),
  );
});

describe("a completion", () => {
  test("goes on with the text as it is, for 16 tokens unless told", async () => {
    const reply = await ask();
    expect(reply).toMatchObject({ object: "text_completion", model });
    expect(reply.id).toMatch(/^cmpl-/);
    expect(reply.choices[0]).toMatchObject({ index: 0, logprobs: null });
    expect(reply.usage!.completion_tokens).toBeLessThanOrEqual(16);
    const ids = await tokensOf(prompt);
    expect(reply.usage!.prompt_tokens).toBe(ids.length);
    const same = await ask({ prompt: ids });
    expect(same.choices[0]?.text).toBe(reply.choices[0]?.text);
  });

  test("of several prompts comes in their order, each with its answers", async () => {
    const prompts = [prompt, "Two plus two is", "Once upon a time"];
    const alone = await Promise.all(
      prompts.map(async (it) => (await ask({ prompt: it })).choices[0]?.text),
    );
    const many = await ask({ prompt: prompts });
    expect(many.choices.map((it) => it.text)).toEqual(alone);
    const ids = await Promise.all(prompts.map(tokensOf));
    expect((await ask({ prompt: ids })).choices.map((it) => it.text)).toEqual(alone);
    const drawn = await ask({ prompt: prompts, n: 2, temperature: 1 });
    expect(drawn.choices.map((it) => it.index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(drawn.usage!.prompt_tokens).toBe(many.usage!.prompt_tokens);
  });

  test("streams the same text, echo, scores and usage", async () => {
    const body = { echo: true, logprobs: 2, max_tokens: 8 };
    const whole = await ask(body);
    const stream = await client.completions.create({
      ...{ model, prompt, temperature: 0, seed: 1, stream: true as const, ...body },
      stream_options: { include_usage: true },
    });
    let text = "";
    const scores: (number | null)[] = [];
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? "";
      scores.push(...((chunk.choices[0]?.logprobs?.token_logprobs ?? []) as (number | null)[]));
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]?.text);
    expect(scores).toEqual(whole.choices[0]?.logprobs?.token_logprobs);
    expect(usage).toMatchObject({ total_tokens: whole.usage!.total_tokens });
  });

  test("with best_of is the likeliest of those drawn", async () => {
    const body = { temperature: 1, max_tokens: 6, logprobs: 0, seed: 3 };
    const all = await ask({ ...body, n: 4 });
    const mean = (it: OpenAI.CompletionChoice) => {
      const scores = it.logprobs!.token_logprobs!;
      return scores.reduce((sum, score) => sum + score, 0) / scores.length;
    };
    const best = await ask({ ...body, n: 1, best_of: 4 });
    const likeliest = all.choices.toSorted((a, b) => mean(b) - mean(a))[0]!;
    expect(best.choices).toHaveLength(1);
    expect(best.choices[0]?.text).toBe(likeliest.text);
    expect(best.usage!.completion_tokens).toBe(all.usage!.completion_tokens);
  });

  test("keeps to a shape", async () => {
    const { choices } = await ask({ structured_outputs: { regex: " [A-Z][a-z]{2,8}" } });
    expect(choices[0]?.text).toMatch(/^ [A-Z][a-z]{2,8}$/);
  });
});

/** As an evaluation harness asks: the whole text as the prompt, its last tokens scored. */
describe("the prompt's own scores", () => {
  const text = `${prompt} Tokyo.`;

  test("are one a token, and a token's number is the very same in its alternatives", async () => {
    const reply = await ask({ prompt: text, echo: true, logprobs: 3, max_tokens: 1 });
    const [choice] = reply.choices;
    const { tokens, token_logprobs, top_logprobs, text_offset } = choice!.logprobs!;
    const count = reply.usage!.prompt_tokens + reply.usage!.completion_tokens;
    for (const list of [tokens, token_logprobs, top_logprobs, text_offset]) {
      expect(list).toHaveLength(count);
    }
    expect(choice!.text.startsWith(text)).toBe(true);
    expect(token_logprobs![0]).toBeNull();
    for (const [index, top] of top_logprobs!.entries()) {
      if (index === 0) continue;
      expect(top[tokens![index]!]).toBe(token_logprobs![index]);
      expect(Math.max(...Object.values(top))).toBeGreaterThanOrEqual(token_logprobs![index]!);
      expect(choice!.text.slice(text_offset![index]).startsWith(tokens![index]!)).toBe(
        text_offset![index]! < choice!.text.length,
      );
    }
  });

  test("begin where their token does, also where a character takes several", async () => {
    const odd = "日本 🎉 é\u0301 \ufeff𝔘";
    const reply = await ask({ prompt: odd, echo: true, logprobs: 0, max_tokens: 3 });
    const { text: whole, logprobs } = reply.choices[0]!;
    const offsets = logprobs!.text_offset!;
    expect(whole.startsWith(odd)).toBe(true);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    const tokens = logprobs!.tokens!;
    expect(tokens.some((it) => it.startsWith("bytes:"))).toBe(true);
    for (const [index, token] of tokens.entries()) {
      // What ends the answer has a name and no text.
      if (token.startsWith("bytes:") || offsets[index] === whole.length) continue;
      expect(whole.slice(offsets[index], offsets[index]! + token.length)).toBe(token);
    }
  });

  test("are the likelihood of the answer that the model itself would give", async () => {
    const greedy = await ask({ max_tokens: 4, logprobs: 0, ignore_eos: true });
    const answer = greedy.choices[0]!;
    const ids = await idsOf(answer.logprobs!.tokens!);
    expect(ids).toHaveLength(4);
    const echoed = await ask({
      ...{ prompt: [...(await tokensOf(prompt)), ...ids] },
      ...{ echo: true, logprobs: 1, max_tokens: 0 },
    });
    const { token_logprobs: all, top_logprobs: top } = echoed.choices[0]!.logprobs!;
    const own = answer.logprobs!.token_logprobs!;
    const scored = all!.slice(-own.length);
    for (const [index, score] of own.entries()) {
      expect(scored[index]).toBeCloseTo(score, 4);
      // Greedy: the token is the likeliest of its place.
      expect(Math.max(...Object.values(top!.at(index - own.length)!))).toBe(scored[index]);
    }
    expect(echoed.usage!.completion_tokens).toBe(0);
    expect(echoed.choices[0]?.finish_reason).toBe("length");
  });
});

test.each<[param: string, body: object]>([
  ["prompt", { prompt: "" }],
  ["prompt", { prompt: [] }],
  ["prompt.1", { prompt: ["a", ""] }],
  ["prompt", { prompt: {} }],
  ["prompt.0", { prompt: [-1] }],
  ["prompt", { prompt: [999_999] }],
  ["max_tokens", { max_tokens: -1 }],
  ["max_tokens", { max_tokens: 0 }],
  ["logprobs", { logprobs: 21 }],
  ["logprobs", { logprobs: true }],
  ["suffix", { suffix: "end" }],
  ["best_of", { n: 3, best_of: 2 }],
  ["best_of", { best_of: 2, stream: true }],
  ["stream_options", { stream_options: { include_usage: true } }],
  ["messages", { messages: [] }],
  ["n", { n: 0 }],
])("%s is refused by name: %j", async (param, body) => {
  const error = await ask(body).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  expect(error).toMatchObject({ param });
});

test.each([
  ["texts", Array.from({ length: COMPLETION_PROMPTS_MAX + 1 }, () => "a")],
  ["lists of ids", Array.from({ length: COMPLETION_PROMPTS_MAX + 1 }, () => [1])],
])("too many %s are refused with the number", async (_, many) => {
  const error = await ask({ prompt: many }).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  expect(error).toMatchObject({
    ...{ param: "prompt", message: expect.stringContaining(`at most ${COMPLETION_PROMPTS_MAX}`) },
  });
});

async function tokensOf(text: string): Promise<number[]> {
  const reply = await ask({ prompt: text, echo: true, logprobs: 0, max_tokens: 0 });
  return idsOf(reply.choices[0]!.logprobs!.tokens!);
}

/** By the bundled model's byte-level vocabulary, in which a space and a line's end have letters. */
async function idsOf(tokens: string[]): Promise<number[]> {
  const { default: json } = await import("@/models/pico-s/tokenizer.json");
  const vocabulary = json.model.vocab as Record<string, number>;
  const added = Object.fromEntries(json.added_tokens.map((it) => [it.content, it.id]));
  return tokens.map((token) => {
    const spelled = token.replaceAll(" ", "Ġ").replaceAll("\n", "Ċ");
    const id = added[token] ?? vocabulary[spelled];
    if (id === undefined) throw new Error(`no token is spelled ${JSON.stringify(token)}`);
    return id;
  });
}
