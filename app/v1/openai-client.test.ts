/**
 * Goal: what OpenAI's own client sends is answered as it expects, and what goes wrong is its own error.
 * Method: the official package against the route handlers over HTTP, with mock workers behind them.
 */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { type AddedWorker, type ApiServer, startApiServer } from "./__fixtures__/api-server";

let api: ApiServer;
let client: OpenAI;
let worker: AddedWorker;
const messages = [{ role: "user" as const, content: "alpha beta gamma delta epsilon" }];

beforeAll(async () => {
  api = await startApiServer();
  worker = await api.addWorker();
  const baseURL = `${api.url}/v1`;
  client = new OpenAI({ baseURL, apiKey: "api-key-of-the-tests", maxRetries: 0 });
});
afterAll(() => api.close());

async function failure(act: PromiseLike<unknown>): Promise<unknown> {
  try {
    await act;
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

/** Until nothing runs, at the worker and in the counters here. */
async function idle(): Promise<void> {
  await vi.waitFor(() => {
    expect(worker.server.load()).toMatchObject({ running: 0, waiting: 0 });
    expect(api.controller.inFlight()).toBe(0);
  });
}

describe("a plain answer", () => {
  test("has the text, the finish reason, the usage and what made it", async () => {
    const { data, response } = await client.chat.completions
      .create({ model: "mock/echo", messages })
      .withResponse();
    expect(data).toMatchObject({
      object: "chat.completion",
      model: "mock/echo",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: messages[0]!.content },
          finish_reason: "stop",
        },
      ],
    });
    expect(data.id).toMatch(/^chatcmpl-[0-9a-f]{32}$/);
    expect(data.system_fingerprint).toMatch(/^fp_[0-9a-f]{12}$/);
    const { prompt_tokens, completion_tokens, total_tokens } = data.usage!;
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    expect(completion_tokens).toBeGreaterThan(0);
    expect(Math.abs(data.created - Date.now() / 1000)).toBeLessThan(60);
    expect(response.headers.get("x-parley-worker")).toBe(worker.workerId);
    expect(response.headers.get("x-request-id")).toBeTruthy();
    await idle();
  });

  test("keeps the caller's request id", async () => {
    const { response } = await client.chat.completions
      .create({ model: "mock/echo", messages }, { headers: { "x-request-id": "mine-1" } })
      .withResponse();
    expect(response.headers.get("x-request-id")).toBe("mine-1");
  });

  test("ends at a stop string, given alone or in a list, which is not part of it", async () => {
    for (const stop of ["gamma", ["nowhere", "gamma"]]) {
      const reply = await client.chat.completions.create({ model: "mock/echo", messages, stop });
      expect(reply.choices[0]?.message.content).toBe("alpha beta ");
      expect(reply.choices[0]?.finish_reason).toBe("stop");
    }
  });

  test("is cut at the token limit, under both its names", async () => {
    for (const limit of [{ max_tokens: 2 }, { max_completion_tokens: 2 }]) {
      const body = { model: "mock/echo", messages, ...limit };
      const reply = await client.chat.completions.create(body);
      expect(reply.choices[0]?.finish_reason).toBe("length");
      expect(reply.usage?.completion_tokens).toBe(2);
    }
  });

  test("is the same for the same seed and another for another", async () => {
    const say = async (seed: number) => {
      const body = { model: "mock/random", messages, seed, temperature: 1, top_p: 0.9 };
      return (await client.chat.completions.create(body)).choices[0]?.message.content;
    };
    expect(await say(7)).toBe(await say(7));
    expect(await say(7)).not.toBe(await say(8));
  });

  test("takes parts, a developer's voice and every field that changes nothing", async () => {
    const reply = await client.chat.completions.create({
      model: "mock/echo",
      messages: [
        { role: "developer", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "one " },
            { type: "text", text: "two" },
          ],
        },
      ],
      n: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      logprobs: false,
      response_format: { type: "text" },
      tool_choice: "none",
      tools: [],
      service_tier: "auto",
      store: false,
      user: "someone",
      metadata: { a: "b" },
      temperature: null,
      stop: null,
      stream_options: null,
    });
    expect(reply.choices[0]?.message.content).toBe("one two");
  });
});

describe("a stream", () => {
  test("is role, deltas, finish reason, usage when asked for, and the end", async () => {
    const stream = await client.chat.completions.create({
      model: "mock/echo",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant", content: "" });
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(messages[0]!.content);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)?.choices).toEqual([]);
    expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    await idle();
  });

  test("stands on the wire as server-sent events that no proxy holds back", async () => {
    const reply = await fetch(`${api.url}/v1/chat/completions/`, {
      method: "POST",
      headers: { authorization: "Bearer api-key-of-the-tests", "content-type": "application/json" },
      body: JSON.stringify({ model: "mock/echo", messages, stream: true }),
    });
    expect(reply.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(reply.headers.get("cache-control")).toContain("no-transform");
    expect(reply.headers.get("x-accel-buffering")).toBe("no");
    const text = await reply.text();
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    for (const line of text.split("\n\n"))
      expect(line === "" || line.startsWith("data: ")).toBe(true);
    expect(text).not.toContain('"usage"');
  });

  test("works with the client's own helper", async () => {
    const runner = client.chat.completions.stream({ model: "mock/echo", messages });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe(messages[0]!.content);
  });

  test("frees its slot at the worker when the client leaves in the middle", async () => {
    const stream = await client.chat.completions
      .create(
        {
          model: "mock/never",
          messages,
          stream: true,
        },
        { timeout: 300 },
      )
      .catch((error: unknown) => error);
    // Before the first token: the client gives up waiting for the head.
    expect(stream).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await idle();

    const long = await client.chat.completions.create({
      model: "mock/long",
      messages,
      stream: true,
    });
    let seen = 0;
    for await (const _ of long) if (++seen === 3) break;
    expect(seen).toBe(3);
    await idle();
  });

  test("that fails in the middle throws the client's error, with our code", async () => {
    const stream = await client.chat.completions.create({
      model: "mock/fails-after-3-tokens",
      messages,
      stream: true,
    });
    let text = "";
    const error = await failure(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      })(),
    );
    expect(text).toBe("This will fail");
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ type: "server_error" });
    await idle();
  });
});

describe("several answers to one request", () => {
  const body = { model: "mock/random", messages, n: 3, seed: 5, temperature: 1 };

  test("are drawn each for itself, come back with the seed, and pay for the prompt once", async () => {
    const one = await client.chat.completions.create({ ...body, n: 1 });
    const reply = await client.chat.completions.create(body);
    expect(reply.choices.map((it) => it.index)).toEqual([0, 1, 2]);
    const texts = reply.choices.map((it) => it.message.content);
    expect(new Set(texts).size).toBe(3);
    expect(texts[0]).toBe(one.choices[0]?.message.content);
    const again = await client.chat.completions.create(body);
    expect(again.choices.map((it) => it.message.content)).toEqual(texts);
    expect(reply.usage?.prompt_tokens).toBe(one.usage?.prompt_tokens);
    expect(reply.usage?.completion_tokens).toBeGreaterThan(one.usage!.completion_tokens);
    await idle();
  });

  test("stream beside each other, each under its number", async () => {
    const whole = await client.chat.completions.create(body);
    const streamed = await client.chat.completions
      .stream({ ...body, stream_options: { include_usage: true } })
      .finalChatCompletion();
    const sorted = streamed.choices.toSorted((a, b) => a.index - b.index);
    expect(sorted.map((it) => it.message.content)).toEqual(
      whole.choices.map((it) => it.message.content),
    );
    expect(streamed.usage).toEqual(whole.usage);
  });

  test("end all when the client leaves, and more than run at once are all given", async () => {
    const stream = await client.chat.completions.create({
      ...{ ...body, model: "mock/slow", n: 4, stream: true as const },
    });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await idle();
    const many = await client.chat.completions.create({ ...body, n: 20, max_tokens: 2 });
    expect(many.choices).toHaveLength(20);
    await idle();
  });

  test("that fail before they begin say so", async () => {
    const error = await failure(client.chat.completions.create({ ...body, model: "mock/rejects" }));
    expect(error).toBeInstanceOf(OpenAI.APIError);
    await idle();
  });
});

describe("log-probabilities and what steers the draw", () => {
  const seen: GenerateRequest[] = [];
  beforeAll(() => api.addWorker({ backend: scoringBackend("test/scoring", seen) }));

  const body = { model: "test/scoring", messages, logprobs: true, top_logprobs: 2 };
  const scored = (text: string, logprob: number) => {
    return { token: text, logprob, bytes: [...Buffer.from(text)] };
  };

  test("come with every token of the message, with its bytes and the alternatives", async () => {
    const reply = await client.chat.completions.create(body);
    const { content, refusal } = reply.choices[0]!.logprobs!;
    expect(refusal).toBeNull();
    expect(content!.map((it) => it.token).join("")).toBe(reply.choices[0]!.message.content);
    expect(content![0]).toEqual({
      ...scored("alpha", -0.5),
      top_logprobs: [scored("alpha", -0.5), scored("other", -9_999)],
    });
    expect(seen.at(-1)?.logProbabilityCount).toBe(2);
    const plain = await client.chat.completions.create({ model: "test/scoring", messages });
    expect(plain.choices[0]!.logprobs).toBeNull();
  });

  test("stream beside the text they belong to, and the client's helper joins them", async () => {
    const runner = client.chat.completions.stream(body);
    const texts: string[] = [];
    runner.on("chunk", ({ choices: [choice] }) => {
      if (!choice?.delta.content) return;
      expect(choice.logprobs!.content!.map((it) => it.token).join("")).toBe(choice.delta.content);
      texts.push(choice.delta.content);
    });
    const final = await runner.finalChatCompletion();
    expect(texts.join("")).toBe(messages[0]!.content);
    const tokens = final.choices[0]!.logprobs!.content!;
    expect(tokens.map((it) => it.token).join("")).toBe(messages[0]!.content);
  });

  test("of half a code point have its bytes, which join to the text", async () => {
    const content = "👋 café";
    const reply = await client.chat.completions.create({
      ...body,
      messages: [{ role: "user", content }],
    });
    const scores = reply.choices[0]!.logprobs!.content!;
    const bytes = scores.flatMap((it) => it.bytes!);
    expect(Buffer.from(bytes).toString()).toBe(content);
    expect(scores[0]!.token).toContain("\ufffd");
  });

  test("are refused for a model that has none, in the client's class", async () => {
    const error = await failure(client.chat.completions.create({ ...body, model: "mock/echo" }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: "unsupported_parameter", param: "model" });
    expect(String(error)).toContain("does not support log-probabilities");
  });

  test("the fields of other servers go in as extra ones, and the usage tells what was cached", async () => {
    const extra = { top_k: 5, min_p: 0.1, repetition_penalty: 1.2, min_tokens: 1 };
    const reply = await client.chat.completions.create({
      ...{ model: "test/scoring", messages, presence_penalty: 1, logit_bias: { "3": -100 } },
      ...({ ...extra, ignore_eos: true, stop_token_ids: [9] } as object),
    });
    expect(seen.at(-1)).toMatchObject({
      sampling: {
        ...{ topK: 5, minP: 0.1, repetitionPenalty: 1.2, presencePenalty: 1 },
        logitBias: { "3": -100 },
      },
      ...{ minTokens: 1, ignoreEos: true, stopTokenIds: [9] },
    });
    expect(reply.usage?.prompt_tokens_details?.cached_tokens).toBe(3);
  });

  test("what a sentinel does not know is refused under the caller's own name", async () => {
    const error = await failure(
      client.chat.completions.create({ model: "mock/echo", messages, presence_penalty: 1 }),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: "unsupported_parameter", param: "presence_penalty" });
  });
});

/** The echo with a score for every token; words beyond ASCII are two tokens, cut within a code point. */
function scoringBackend(name: string, seen: GenerateRequest[]): Backend {
  const echo = createMockBackend({ models: ["mock/echo"], slots: 4, tokenMs: 0 });
  return {
    ...echo,
    card() {
      const card = echo.card();
      const models = card.models.map((model): typeof model => {
        return { ...model, name, features: ["chat", "tokenize", "log-probabilities"] };
      });
      return { ...card, models };
    },
    async *generate(request, signal) {
      seen.push(request);
      const isScored = request.logProbabilityCount !== undefined;
      const { requestId, messages: asked, stop } = request;
      const plain = { requestId, model: "mock/echo", messages: asked, stop, sampling: {} };
      for await (const event of echo.generate(plain, signal)) {
        if (isScored && event.type === "text-delta") yield* toScores(event.text);
        // The end of turn has a score and no text.
        if (isScored && event.type === "generation-end") yield* toScores("<end>");
        yield event.type === "generation-end"
          ? { ...event, usage: { ...event.usage, cachedPromptTokens: 3 } }
          : event;
      }
    },
  };
}

function toScores(text: string): GenerateEvent[] {
  const bytes = [...Buffer.from(text)];
  const isPlain = bytes.length === text.length;
  const parts = isPlain ? [bytes] : [bytes.slice(0, 2), bytes.slice(2)];
  return parts.map((part) => {
    const score = { id: 1, bytes: part, logProbability: -0.5 };
    const other = { id: 2, bytes: [...Buffer.from("other")], logProbability: -9_999 };
    return { type: "token-log-probability", ...score, alternatives: [score, other] };
  });
}

describe("errors are the client's own classes", () => {
  test("401 without the right key", async () => {
    const stranger = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "wrong", maxRetries: 0 });
    const error = await failure(stranger.models.list());
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
  });

  test("404 for a model that does not exist, naming those that do", async () => {
    const error = await failure(client.chat.completions.create({ model: "gpt-4o", messages }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", param: "model" });
    expect(String(error)).toContain("mock/echo");
  });

  test("400 for a prompt beyond the context", async () => {
    const content = Array.from({ length: 100 }, (_, index) => `word${index}`).join(" ");
    const body = { model: "mock/context", messages: [{ role: "user" as const, content }] };
    for (const stream of [false, true]) {
      const error = await failure(client.chat.completions.create({ ...body, stream }));
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({ code: "context_length_exceeded", param: "messages" });
    }
  });

  test("400 for what is not offered", async () => {
    const tools = [{ type: "function" as const, function: { name: "f" } }];
    const error = await failure(
      client.chat.completions.create({ model: "mock/echo", messages, tools }),
    );
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: "unsupported_parameter", param: "model" });
    expect(error).toMatchObject({ message: expect.stringContaining("tool calls") });
  });

  test("429 when every worker is busy, with the time to wait", async () => {
    const error = await failure(
      client.chat.completions.create({ model: "mock/rejects", messages }),
    );
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    expect((error as InstanceType<typeof OpenAI.RateLimitError>).headers?.get("retry-after")).toBe(
      // What the sentinel itself says.
      "1",
    );
  });

  test("503 when the model's worker has left, and service again when it is back", async () => {
    const secret = { authorization: "Bearer a secret of the tests" };
    const leaving = `${api.url}/api/workers/${worker.workerId}?instanceId=${worker.instanceId}`;
    expect((await fetch(leaving, { method: "DELETE", headers: secret })).status).toBe(204);
    const error = await failure(client.chat.completions.create({ model: "mock/echo", messages }));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 503, code: "no_worker" });
    const left = (await client.models.list()).data.map((model) => model.id);
    expect(left).toEqual(["test/scoring", "auto"]);
    worker = await api.addWorker();
    const reply = await client.chat.completions.create({ model: "mock/echo", messages });
    expect(reply.choices[0]?.message.content).toBe(messages[0]!.content);
  });

  test("404 in OpenAI's shape for paths that are none, 405 for wrong methods", async () => {
    const error = await failure(client.moderations.create({ input: "x" }));
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: "not_found" });
    for (const path of ["", "/", "/nothing/here", "/chat"]) {
      const reply = await fetch(`${api.url}/v1${path}`);
      expect(reply.status).toBe(404);
      expect(await reply.json()).toHaveProperty("error.message");
    }
    const wrong = await fetch(`${api.url}/v1/chat/completions`);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("POST");
    expect(await wrong.json()).toMatchObject({ error: { code: "method_not_allowed" } });
  });
});

describe("models", () => {
  test("are listed and found, also with a slash in the name", async () => {
    const list = await client.models.list();
    const ids = list.data.map((model) => model.id);
    expect(ids).toContain("mock/echo");
    const model = await client.models.retrieve("mock/echo");
    expect(model).toMatchObject({ id: "mock/echo", object: "model", owned_by: "Parley" });
    const plain = await fetch(`${api.url}/v1/models/mock/echo`, {
      headers: { authorization: "Bearer api-key-of-the-tests" },
    });
    expect(await plain.json()).toMatchObject({ id: "mock/echo" });
    expect(await failure(client.models.retrieve("no/such"))).toBeInstanceOf(OpenAI.NotFoundError);
  });
});

test("fifty answers at once keep the counters balanced", async () => {
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      client.chat.completions.create({
        model: "mock/echo",
        messages: [{ role: "user", content: `number ${index}` }],
      }),
    ),
  );
  expect(replies.map((reply) => reply.choices[0]?.message.content)).toEqual(
    Array.from({ length: 50 }, (_, index) => `number ${index}`),
  );
  await idle();
});
