/**
 * Goal: a model that its host loads first is waited for in sight, what only Hugging Face does is told as it is, and
 * each of its ways is asked in its own words.
 * Method: stand-ins of TGI, an endpoint and the hub's router, with Hugging Face's own library between.
 */
import { afterEach, describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { GenerateEvent, GenerationWaiting } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { startHuggingfaceServer } from "@/lib/stand-ins/huggingface-server";
import { type HostedInput, startHosted, TOKEN } from "./huggingface-testing";

const never = new AbortController().signal;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(...given: Parameters<typeof startHosted>) {
  const hosted = await startHosted(...given);
  closing.push(hosted.close);
  return hosted;
}

function ask(changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = [textMessage("user", "Tell me of the river.")];
  return { requestId: "r", model: "shown", messages, sampling: {}, stop: [], ...changes };
}

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function fail(run: () => Promise<unknown>) {
  try {
    await run();
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
  throw new Error("nothing went wrong");
}

describe("a model that its host loads first", () => {
  test.each([
    ["loading", 0.01],
    ["waking", undefined],
  ] as const)("is waited for, and who waits is told: %s", async (as, estimateSeconds) => {
    const { backend, server } = await start({ scalesToZero: true });
    server.setCold({ answers: 1, as, ...(estimateSeconds !== undefined && { estimateSeconds }) });
    const cards: (boolean | undefined)[] = [];
    backend.watchCard?.(() => cards.push(backend.card().models[0]?.isLoading));
    const told: GenerationWaiting[] = [];
    const events = await collect(backend.generate(ask(), never, (it) => told.push(it)));
    expect(told).toEqual([
      {
        ...{ type: "generation-waiting", reason: "loading" },
        ...(estimateSeconds !== undefined && { estimateSeconds }),
      },
    ]);
    expect(cards).toEqual([true, undefined]);
    expect(events[0]?.type).toBe("generation-start");
    expect(events.at(-1)).toMatchObject({ type: "generation-end", finishReason: "stop" });
    expect(server.asked).toHaveLength(2);
  });

  test("is waited for no longer than somebody wants it", async () => {
    const { backend, server } = await start({ scalesToZero: true });
    server.setCold({ answers: Number.POSITIVE_INFINITY, as: "waking" });
    const abort = new AbortController();
    const events = collect(backend.generate(ask(), abort.signal, () => abort.abort()));
    expect(await events).toEqual([]);
    expect(server.asked).toHaveLength(1);
    expect(backend.card().models[0]?.isLoading).toBeUndefined();
  });

  test("is waited for where vectors are asked of it", async () => {
    const { backend, server } = await start({ features: ["embeddings"] });
    server.setCold({ answers: 2, as: "loading", estimateSeconds: 0.01 });
    const request = { requestId: "e", model: "shown", inputs: ["a stone", "a lantern"] };
    expect((await backend.embed(request, never)).embeddings).toHaveLength(2);
    expect(server.asked).toHaveLength(3);
  });

  test("a status alone is none at a server that is not known to be taken away", async () => {
    const { backend, server } = await start({});
    server.setCold({ answers: 1, as: "waking" });
    const error = await fail(() => collect(backend.generate(ask(), never)));
    expect(error).toMatchObject({ code: "upstream-invalid", retryable: true });
  });
});

describe("who is not let in, or asks for nobody's model", () => {
  test("a wrong token is told to operators, and no part of it to anybody", async () => {
    const { backend } = await start({}, { token: "hf_another" });
    const error = await fail(() => collect(backend.generate(ask(), never)));
    expect(error.code).toBe("unavailable");
    expect(`${error.message} ${String(error.cause)}`).not.toContain(TOKEN);
  });

  test("a model that no provider serves, at the router and at a provider", async () => {
    for (const provider of ["auto", "together", "groq"] as const) {
      const { backend } = await start({
        ...{ endpoint: undefined, provider },
        model: provider === "groq" ? "stand-in/thinker" : "nobody/has-it",
      });
      const error = await fail(() => collect(backend.generate(ask(), never)));
      expect(error, provider).toMatchObject({ code: "model-not-found", param: "model" });
    }
  });

  test.each([
    [403, "Access to model x is restricted and you are not in the authorized list.", /terms/],
    [400, "Bad Request: Endpoint is paused, ask a maintainer to restart it", /resume/],
  ])("%d %s", async (status, error, remedy) => {
    const { backend, server } = await start({});
    server.setRefusal({ status, body: { error } });
    const told = await fail(() => collect(backend.generate(ask(), never)));
    expect(told.code).toBe("unavailable");
    expect(String(told.cause)).toMatch(remedy);
  });
});

describe("what a host is sent", () => {
  test("TGI's own wire: a prompt by the template, greedy without a temperature", async () => {
    const { backend, server } = await start({ api: "generate", template: "vicuna_v1.1" });
    const sampling = { temperature: 0, topP: 1, topK: 0, seed: 5 };
    await collect(backend.generate(ask({ sampling, maxTokens: 7, stop: ["x"] }), never));
    expect(server.asked.at(-1)).toMatchObject({ path: "/generate_stream" });
    expect(server.asked.at(-1)?.body).toEqual({
      inputs: " USER: Tell me of the river. ASSISTANT:",
      parameters: {
        ...{ do_sample: false, seed: 5, max_new_tokens: 7, return_full_text: false },
        ...{ stop: ["x"], details: true },
      },
      stream: true,
    });
  });

  test("a text that ends a template's answers ends them unseen", async () => {
    const { backend } = await start({ api: "generate", template: "phoenix" });
    const end = (await collect(backend.generate(ask(), never))).at(-1);
    expect(end).toMatchObject({ type: "generation-end", finishReason: "stop" });
    expect(end).not.toHaveProperty("stopString");
  });

  test("the router: the model with its policy, and who pays", async () => {
    const model = "stand-in/lantern:fastest";
    const { backend, server } = await start({ endpoint: undefined, model, billTo: "our-house" });
    await collect(backend.generate(ask(), never));
    const { path, headers, body } = server.asked.at(-1) ?? {};
    expect({ path, body }).toMatchObject({ path: "/v1/chat/completions", body: { model } });
    expect(headers).toMatchObject({
      ...{ "x-hf-bill-to": "our-house", authorization: `Bearer ${TOKEN}` },
    });
  });

  test("a text to go on with goes to the endpoint's completions", async () => {
    const { backend, server } = await start({ server: "tgi" });
    await collect(
      backend.generate(ask({ messages: [], prompt: "Once upon", maxTokens: 5 }), never),
    );
    expect(server.asked.at(-1)).toMatchObject({
      ...{ path: "/v1/completions", body: { prompt: "Once upon", max_tokens: 5 } },
    });
  });
});

test("reasoning and images, where the model has them", async () => {
  const features = ["chat", "reasoning", "images"] as const;
  const { backend, server } = await start({
    ...{ endpoint: undefined, model: "stand-in/thinker", features: [...features] },
  });
  const image = { type: "image" as const, mediaType: "image/png" as const, data: "iVBORw0KGgo=" };
  const messages = [{ role: "user" as const, content: [image] }];
  const events = await collect(backend.generate(ask({ messages, splitReasoning: true }), never));
  expect(events.map(({ type }) => type)).toContain("reasoning-delta");
  expect(JSON.stringify(server.asked.at(-1)?.body)).toContain("data:image/png;base64,iVBORw0KGgo=");
  expect(backend.card().models[0]?.features).toEqual(
    expect.arrayContaining(["chat", "reasoning", "images"]),
  );
});

describe("vectors", () => {
  test.each([
    ["an endpoint", { features: ["embeddings"] }],
    ["the hub", { endpoint: undefined, features: ["embeddings"], model: "stand-in/embedder" }],
  ] satisfies [string, HostedInput][])("by %s", async (_, input) => {
    const providers = [{ provider: "hf-inference", task: "feature-extraction" }];
    const { backend, server } = await start(input, { providers });
    const request = {
      ...{ requestId: "e", model: "shown" },
      inputs: Array.from({ length: 40 }, (_value, index) => `text ${index}`),
    };
    const reply = await backend.embed(request, never);
    expect(reply.embeddings).toHaveLength(40);
    for (const vector of reply.embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
    expect(server.asked.filter(({ method }) => method === "POST")).toHaveLength(2);
    expect((await fail(() => collect(backend.generate(ask(), never)))).code).toBe("not-supported");
  });

  test("a text beyond the model is refused, and cut where that is asked for", async () => {
    const { backend } = await start({ features: ["embeddings"] });
    const request = { requestId: "e", model: "shown", inputs: ["word ".repeat(600)] };
    expect((await fail(() => backend.embed(request, never))).code).toBe("context-length-exceeded");
    const cut = await backend.embed({ ...request, overflow: "truncate" }, never);
    expect(cut.embeddings).toHaveLength(1);
  });
});

test("a server that is gone is one to try elsewhere", async () => {
  const server = await startHuggingfaceServer();
  await server.close();
  const { backend } = await start({ endpoint: server.url });
  const error = await fail(() => collect(backend.generate(ask(), never)));
  expect(error).toMatchObject({ code: "worker-lost", retryable: true });
});
