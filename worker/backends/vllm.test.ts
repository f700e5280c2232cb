import { describe, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import type { ServedStandIn } from "@/lib/stand-ins/openai-guises";
import { type OpenAiServerOptions, startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { requestLog } from "@/lib/telemetry/log";
import { UPSTREAM_NAMED_PROMPT_TOKENS_MAX } from "@/lib/upstream-limits";
import { backendContract } from "../backend-contract";
import { backendFaults } from "../backend-faults";
import { createVllmBackend, type VllmOptions } from "./vllm";

const never = new AbortController().signal;

type Asked = { server?: Partial<OpenAiServerOptions>; options?: Partial<VllmOptions> };

async function start({ server = {}, options = {} }: Asked = {}) {
  const standIn = await startOpenAiServer({ guise: "vllm", ...server });
  const backend = await createVllmBackend(
    {
      ...{ server: { baseUrl: standIn.baseUrl }, headers: () => ({}), models: [] },
      ...{ honours: [], lacks: [], slots: 3, ...options },
    },
    { log: requestLog, signal: never },
  );
  const end = async () => {
    await backend.close();
    await standIn.close();
  };
  return { standIn, backend, end };
}

const SEEING: ServedStandIn = { id: "stand-in", contextLength: 2_048, kind: "chat", sees: true };

backendContract("vllm", async () => {
  const { standIn, backend } = await start({
    server: { engineFlags: { tellsTokenizer: true } },
  });
  return { backend, model: "stand-in", close: standIn.close };
});

const KEY = "sk-secret-of-the-engine";

backendFaults("vllm", {
  start: async ({ tokenMs, silenceMs }) => {
    const { standIn, backend } = await start({
      server: { tokenMs, key: KEY, models: [{ ...SEEING, reasons: true }] },
      options: { headers: () => ({ authorization: `Bearer ${KEY}` }), silenceMsMax: silenceMs },
    });
    const begun = standIn.asked.length;
    const answers = () =>
      standIn.asked.slice(begun).filter(({ path }) => path.endsWith("/completions"));
    return {
      ...{ backend, model: "stand-in", close: standIn.close, setFault: standIn.setFault },
      askedCount: () => answers().length,
      closedEarly: async () => (await answers().at(-1)?.closedEarly) ?? false,
      hidden: [KEY, new URL(standIn.url).host],
    };
  },
});

function ask(changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = [textMessage("user", "Tell me of the river.")];
  return { requestId: "r", model: "stand-in", messages, sampling: {}, stop: [], ...changes };
}

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("everything passes through in vLLM's words", () => {
  const schema = { type: "object", properties: { x: { type: "integer" } } };
  test.each<[Partial<GenerateRequest>, Record<string, unknown>]>([
    [
      { sampling: { topK: 0, minP: 0.1, repetitionPenalty: 1.2, logitBias: { "7": 2 } } },
      { top_k: -1, min_p: 0.1, repetition_penalty: 1.2, logit_bias: { "7": 2 } },
    ],
    [
      { stopTokenIds: [5], ignoreEos: true, minTokens: 3, maxTokens: 8 },
      { stop_token_ids: [5], ignore_eos: true, min_tokens: 3, max_tokens: 8 },
    ],
    [
      { grammar: { type: "regex", pattern: "a+" } },
      { structured_outputs: { regex: "a+" }, response_format: undefined },
    ],
    [
      { grammar: { type: "choice", choices: ["a", "b"] } },
      { structured_outputs: { choice: ["a", "b"] } },
    ],
    [
      { grammar: { type: "json-schema", schema } },
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "answer", schema, strict: true },
        },
      },
    ],
    [
      { reasoningEffort: "xhigh" },
      { reasoning_effort: "high", chat_template_kwargs: { enable_thinking: true, thinking: true } },
    ],
    [
      { reasoningEffort: "none" },
      {
        reasoning_effort: undefined,
        chat_template_kwargs: { enable_thinking: false, thinking: false },
      },
    ],
    [
      { logProbabilityCount: 2 },
      {
        ...{ logprobs: true, top_logprobs: 2, return_token_ids: true },
        stream_options: { include_usage: true, continuous_usage_stats: true },
      },
    ],
    [
      { messages: [], prompt: "Once", reportPrompt: true, logProbabilityCount: 1, maxTokens: 0 },
      { ...{ prompt: "Once", echo: true, logprobs: 1, max_tokens: 0 }, stream: false },
    ],
  ])("%o", async (changes, expected) => {
    const { standIn, backend, end } = await start({
      server: { models: [{ ...SEEING, reasons: true }] },
    });
    await collect(backend.generate(ask(changes), never));
    const body = standIn.asked.at(-1)?.body as Record<string, unknown>;
    for (const [name, value] of Object.entries(expected)) expect(body[name], name).toEqual(value);
    await end();
  });
});

test("the tokens of a prompt come with their ids, and its answer's follow", async () => {
  const { backend, end } = await start();
  const wish = { messages: [], prompt: "A lantern", reportPrompt: true, logProbabilityCount: 1 };
  const events = await collect(backend.generate(ask({ ...wish, maxTokens: 2 }), never));
  const tokens = events.flatMap((it) => (it.type === "prompt-tokens" ? it.tokens : []));
  expect(Buffer.from(tokens.flatMap(({ bytes }) => bytes)).toString()).toBe("A lantern");
  expect(tokens[0]?.logProbability).toBeUndefined();
  expect(tokens.every(({ id }) => id >= 0)).toBe(true);
  const scores = events.filter((it) => it.type === "token-log-probability");
  expect(scores).toHaveLength(2);
  expect(scores.every(({ id }) => id >= 0)).toBe(true);
  await end();
});

test("reasoning comes apart where it is wanted apart", async () => {
  const { backend, end } = await start();
  const wish = { model: "stand-in-thinker", splitReasoning: true };
  const events = await collect(backend.generate(ask(wish), never));
  const thought = events.map((it) => (it.type === "reasoning-delta" ? it.text : "")).join("");
  expect(thought).toBe(" think of it");
  await end();
});

describe("what a model can is found out of its server", () => {
  const offerOf = async (asked: Asked) => {
    const { backend, standIn, end } = await start(asked);
    const offers = backend.card().models;
    const written = standIn.asked.filter(({ path }) => path.endsWith("/completions"));
    await end();
    return { offers, written: written.length };
  };

  test("a model that only writes", async () => {
    const { offers, written } = await offerOf({ options: { models: [named("stand-in")] } });
    expect(offers).toHaveLength(1);
    expect(offers[0]).toMatchObject({ name: "stand-in", contextLength: 2_048 });
    expect(offers[0]?.features).toEqual(expect.arrayContaining(["chat", "tokenize", "tools"]));
    expect(offers[0]?.features).not.toContain("images");
    expect(offers[0]?.features).not.toContain("reasoning");
    expect(offers[0]?.features).toContain("continue");
    // Whether it calls tools, and whether it goes on after tokens.
    expect(written).toBe(2);
  });

  test("one that reasons and sees", async () => {
    const models = [{ ...SEEING, reasons: true }];
    const { offers } = await offerOf({ server: { models } });
    expect(offers[0]?.features).toEqual(expect.arrayContaining(["reasoning", "images"]));
  });

  test("one whose server was not told how it calls tools, and one of which somebody knows better", async () => {
    const server = { engineFlags: { hasAutoTools: false }, models: [SEEING] };
    const { offers } = await offerOf({ server });
    expect(offers[0]?.features).not.toContain("tools");
    const told = await offerOf({
      server,
      options: { honours: ["toolRequest"], lacks: ["sampling.minP"] },
    });
    expect(told.offers[0]?.fields).toContain("toolRequest");
    expect(told.offers[0]?.fields).not.toContain("sampling.minP");
  });

  test("those that make vectors, and those that rank", async () => {
    const ranker: ServedStandIn = { id: "ranker", contextLength: 99, kind: "rerank", ranks: true };
    const embedder: ServedStandIn = { id: "embedder", contextLength: 99, kind: "embeddings" };
    const { backend, end } = await start({ server: { models: [ranker, embedder] } });
    const features = backend.card().models.map((it) => it.features);
    expect(features).toEqual([
      ["rerank", "tokenize"],
      ["embeddings", "tokenize"],
    ]);
    const documents = ["nothing", "a river and a lantern", "a river"];
    const wish = { requestId: "r", model: "ranker", query: "river lantern", documents };
    const { scores } = await backend.rerank(wish, never);
    expect(scores).toEqual([0, 1, 0.5]);
    const texts = { requestId: "r", model: "embedder", inputs: ["a", "b"] };
    expect(
      (await backend.embed({ ...texts, overflow: "truncate" }, never)).embeddings,
    ).toHaveLength(2);
    await end();
  });

  test("a server whose front has no tokenizer is asked for nothing that would need one", async () => {
    const { offers } = await offerOf({
      server: {
        models: [SEEING],
        handle: ({ asked, sendJson }) => {
          if (!/tokenize|metrics/.test(asked.path)) return false;
          sendJson({ detail: "Not Found" }, 404);
          return true;
        },
      },
    });
    expect(offers[0]?.features).toEqual(expect.arrayContaining(["chat", "tools"]));
    expect(offers[0]?.features).not.toContain("tokenize");
  });
});

test("two workers before the same weights tell the same build, wherever they reach them", async () => {
  const [a, b] = [await start(), await start()];
  const builds = [a, b].map(({ backend }) => backend.card().models.map(({ build }) => build));
  expect(builds[0]).toEqual(builds[1]);
  expect(new Set(builds[0]).size).toBe(3);
  await a.end();
  await b.end();
});

describe("whether another worker may go on with its answers", () => {
  const MODELS = [{ id: "stand-in", contextLength: 2_048, kind: "chat" as const }];
  async function offerOf(engineFlags: OpenAiServerOptions["engineFlags"] = {}, more: Asked = {}) {
    const server = { models: MODELS, ...more.server, engineFlags };
    const { backend, end } = await start({ ...more, server });
    const [offer] = backend.card().models;
    await end();
    if (offer === undefined) throw new Error("No model is offered.");
    return offer;
  }
  const mayGoOn = ({ features, fields = [] }: Awaited<ReturnType<typeof offerOf>>) => {
    const told = features.includes("continue");
    // Whoever reads the fields reads the same.
    expect(fields.includes("resume")).toBe(told);
    expect(fields.includes("reportTokenIds")).toBe(told);
    return told;
  };

  test("the server names tokens and goes on after them, with tools or without", async () => {
    expect(mayGoOn(await offerOf())).toBe(true);
    expect(mayGoOn(await offerOf({ hasAutoTools: false }))).toBe(true);
  });

  test.each([
    ["it is too old to name tokens", { hasNoTokenIds: true }],
    ["its chats have a form that its tokenizer does not tell", { hasOwnForm: true }],
    ["its weights are a folder of its machine", { root: "/models/current" }],
    ["its weights are a folder below it", { root: "./lantern" }],
  ])("not where %s", async (_, flags) => {
    expect(mayGoOn(await offerOf(flags))).toBe(false);
  });

  test("not where its front has no tokenizer, or no completions", async () => {
    for (const gone of [/tokenize/, /v1\/completions/]) {
      const handle: OpenAiServerOptions["handle"] = ({ asked, sendJson }) => {
        if (!gone.test(asked.path)) return false;
        sendJson({ detail: "Not Found" }, 404);
        return true;
      };
      expect(mayGoOn(await offerOf({}, { server: { handle } }))).toBe(false);
    }
  });

  test("not where a prompt's tokens would not fit into an event", async () => {
    const models = [{ ...MODELS[0]!, contextLength: UPSTREAM_NAMED_PROMPT_TOKENS_MAX + 1 }];
    expect(mayGoOn(await offerOf({}, { server: { models } }))).toBe(false);
  });

  test("an operator knows better, either way", async () => {
    const root = "/models/current";
    expect(mayGoOn(await offerOf({ root }, { options: { honours: ["resume"] } }))).toBe(true);
    expect(mayGoOn(await offerOf({}, { options: { lacks: ["resume"] } }))).toBe(false);
  });

  test("other weights, other settings and adapters of another model are another build", async () => {
    const flags = [
      {},
      { root: "org/another" },
      { fingerprint: "vllm-0.20.0-aaaaaaaa" },
      { fingerprint: "vllm-0.20.0-bbbbbbbb" },
    ];
    const offers = await Promise.all(flags.map((it) => offerOf(it)));
    expect(new Set(offers.map(({ build }) => build)).size).toBe(flags.length);
    const adapterOf = async (root: string) => {
      const { backend, end } = await start({
        server: {
          handle: ({ asked, sendJson }) => {
            if (asked.path !== "/v1/models") return false;
            const adapter = { id: "stand-in-poet", root: "org/poet", parent: "stand-in" };
            sendJson({ data: [{ id: "stand-in", root }, adapter] });
            return true;
          },
        },
      });
      const { models } = backend.card();
      await end();
      return models.find(({ name }) => name === "stand-in-poet")?.build;
    };
    expect(await adapterOf("org/a")).not.toBe(await adapterOf("org/b"));
  });

  test("the rest of an answer at its limit is its end, and of a longer prompt what still fits", async () => {
    const { backend, standIn, end } = await start({ server: { models: MODELS } });
    const wish = { sampling: { temperature: 0 }, maxTokens: 3, reportTokenIds: true };
    const told = await collect(backend.generate(ask(wish), never));
    const tokenIds = told.flatMap((it) => (it.type === "text-delta" ? (it.tokenIds ?? []) : []));
    expect(tokenIds).toHaveLength(3);
    const before = standIn.asked.length;
    const rest = await collect(backend.generate(ask({ ...wish, resume: { tokenIds } }), never));
    expect(rest.map(({ type }) => type)).toEqual(["generation-start", "generation-end"]);
    expect(rest.at(-1)).toMatchObject({
      ...{ finishReason: "length", usage: { completionTokens: 3 } },
    });
    expect(standIn.asked.slice(before).map(({ path }) => path)).toEqual(["/tokenize"]);

    const long = { sampling: { temperature: 0 }, minTokens: 5, resume: { tokenIds } };
    await collect(backend.generate(ask(long), never));
    const body = standIn.asked.at(-1)?.body as { prompt: number[] } & Record<string, unknown>;
    expect(body).toMatchObject({ max_tokens: 2_048 - body.prompt.length, min_tokens: 2 });
    expect(body.prompt.slice(-3)).toEqual(tokenIds);
    await end();
  });

  test("stop strings are looked for here, since the server's text would stay behind its tokens", async () => {
    const { backend, standIn, end } = await start({ server: { models: MODELS } });
    const wish = { sampling: { temperature: 0 } };
    const textOf = (events: readonly GenerateEvent[]) =>
      events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");
    const words = textOf(await collect(backend.generate(ask(wish), never))).split(" ");
    const stop = [words.slice(4, 6).join(" ")];
    const events = await collect(
      backend.generate(ask({ ...wish, stop, reportTokenIds: true }), never),
    );
    expect(textOf(events)).toBe(`${words.slice(0, 4).join(" ")} `);
    expect(events.at(-1)).toMatchObject({ finishReason: "stop", stopString: stop[0] });
    expect(standIn.asked.at(-1)?.body).not.toHaveProperty("stop");
    await end();
  });
});

test("a tokenizer that is not told of is refused with what would tell it", async () => {
  const { backend, end } = await start();
  const asking = backend.tokenizerInfo({ model: "stand-in" }, never);
  await expect(asking).rejects.toMatchObject({
    code: "not-supported",
    message: expect.stringContaining("--enable-tokenizer-info-endpoint"),
  });
  await end();
});

function named(name: string) {
  return { name, upstreamName: name };
}
