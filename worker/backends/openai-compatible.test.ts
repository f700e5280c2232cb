import { describe, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { type Message, textMessage } from "@/lib/protocol/message";
import type { GuiseName, ServedStandIn } from "@/lib/stand-ins/openai-guises";
import { type OpenAiServerOptions, startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { requestLog } from "@/lib/telemetry/log";
import { backendContract } from "../backend-contract";
import { backendFaults } from "../backend-faults";
import { createOpenAiCompatibleBackend, type OpenAiCompatibleOptions } from "./openai-compatible";

const SCORES = "logProbabilityCount";
const never = new AbortController().signal;

type Asked = { server?: Partial<OpenAiServerOptions>; options?: Partial<OpenAiCompatibleOptions> };

async function start(guise: GuiseName, { server = {}, options = {} }: Asked = {}) {
  const standIn = await startOpenAiServer({ guise, ...server });
  const backend = await createOpenAiCompatibleBackend(
    {
      ...{ baseUrl: standIn.baseUrl, headers: () => ({}), models: [], mayProbe: true },
      ...{ honours: [], lacks: [], embedders: ["stand-in-embedder"], slots: 3 },
      ...options,
    },
    { log: requestLog, signal: never },
  );
  return { standIn, backend };
}

for (const guise of ["sglang", "ollama", "generic"] as const) {
  backendContract(`openai-compatible before ${guise}`, async () => {
    const { standIn, backend } = await start(guise);
    return { backend, model: "stand-in", close: standIn.close };
  });
}

const KEY = "sk-secret-of-the-upstream";

for (const guise of ["llama.cpp", "parley"] as const) {
  backendFaults(`openai-compatible before ${guise}`, {
    start: async ({ tokenMs, silenceMs }) => {
      const { standIn, backend } = await start(guise, {
        server: { tokenMs, key: KEY },
        options: {
          headers: () => ({ authorization: `Bearer ${KEY}` }),
          ...{ silenceMsMax: silenceMs, mayProbe: false },
        },
      });
      const answers = () => standIn.asked.filter(({ path }) => path.endsWith("/completions"));
      return {
        ...{ backend, model: "stand-in", close: standIn.close, setFault: standIn.setFault },
        askedCount: () => answers().length,
        closedEarly: async () => (await answers().at(-1)?.closedEarly) ?? false,
        hidden: [KEY, new URL(standIn.url).host],
      };
    },
  });
}

type Body = Record<string, unknown>;

function ask(changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = [textMessage("user", "Tell me of the river.")];
  return { requestId: "r", model: "stand-in", messages, sampling: {}, stop: [], ...changes };
}

async function collect(events: AsyncIterable<GenerateEvent>): Promise<GenerateEvent[]> {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** The body that a server gets of a request. */
async function bodyOf(guise: GuiseName, changes: Partial<GenerateRequest>): Promise<Body> {
  const { standIn, backend } = await start(guise, { options: { mayProbe: false } });
  try {
    await collect(backend.generate(ask(changes), never));
    // The stand-in keeps bodies as they came, which are objects of ours.
    return standIn.asked.at(-1)?.body as Body;
  } finally {
    await backend.close();
    await standIn.close();
  }
}

describe("each server is asked in its own words", () => {
  const grammar = { type: "choice" as const, choices: ['a "b"', "c|d"] };
  const schema = { type: "object", properties: { x: { type: "integer" } } };

  test.each<[GuiseName, Partial<GenerateRequest>, Body]>([
    ["sglang", { sampling: { topK: 0, minP: 0 } }, { top_k: -1, min_p: 0 }],
    ["sglang", { grammar }, { regex: '(a "b"|c\\|d)' }],
    ["sglang", { splitReasoning: true }, { separate_reasoning: true }],
    ["sglang", { thinking: "off" }, { chat_template_kwargs: { enable_thinking: false } }],
    ["llama.cpp", { grammar }, { grammar: 'root ::= "a \\"b\\"" | "c|d"' }],
    ["llama.cpp", { sampling: { repetitionPenalty: 1.1 } }, { repeat_penalty: 1.1 }],
    ["llama.cpp", { sampling: { seed: -1 } }, { seed: 2 ** 31 - 1 }],
    ["llama.cpp", { sampling: { seed: 5 }, choice: 2 }, { seed: 7 }],
    ["tgi", { sampling: { topP: 1 } }, { top_p: undefined }],
    [
      "tgi",
      { grammar: { type: "json-schema", schema } },
      { response_format: { type: "json", value: schema } },
    ],
    ["ollama", { sampling: {}, maxTokens: 0 }, { max_tokens: 1 }],
    ["parley", { grammar }, { structured_outputs: { choice: grammar.choices } }],
    [
      "generic",
      { sampling: { topK: 0, seed: 3 }, choice: 1 },
      { top_k: undefined, seed: undefined },
    ],
    ["sglang", { cacheSalt: "s4lt" }, { cache_salt: "s4lt" }],
    ["sglang", {}, { cache_salt: undefined }],
    ["generic", { cacheSalt: "s4lt" }, { cache_salt: undefined }],
    ["generic", { reasoningEffort: "none" }, { reasoning_effort: undefined }],
    [
      "llama.cpp",
      { reasoningEffort: "none" },
      { reasoning_effort: undefined, chat_template_kwargs: { enable_thinking: false } },
    ],
    ["generic", { stop: ["1", "2", "3", "4", "5"] }, { stop: ["1", "2", "3", "4"] }],
  ])("%s: %o", async (guise, changes, expected) => {
    const body = await bodyOf(guise, changes);
    for (const [name, value] of Object.entries(expected)) expect(body[name]).toEqual(value);
  });

  test("a function that is demanded by name is offered alone where names cannot be demanded", async () => {
    const tools = [{ name: "f" }, { name: "g" }];
    const toolRequest = { tools, choice: { name: "g" }, isParallel: true };
    const body = await bodyOf("llama.cpp", { toolRequest });
    expect(body.tools).toEqual([{ type: "function", function: { name: "g" } }]);
    expect(body).toMatchObject({ tool_choice: "required", parallel_tool_calls: true });
    const named = { type: "function", function: { name: "g" } };
    expect(await bodyOf("sglang", { toolRequest })).toMatchObject({ tool_choice: named });
  });

  test("calls, their results and images are told as OpenAI has them", async () => {
    const messages: Message[] = [
      textMessage("system", "Be kind."),
      {
        role: "user",
        content: [
          { type: "text", text: "What?" },
          { type: "image", mediaType: "image/png", data: "aGk=", detail: "low" },
        ],
      },
      { role: "assistant", content: [], toolCalls: [{ id: "c", name: "f", arguments: "{}" }] },
      { role: "tool", content: [{ type: "text", text: "7" }], toolCallId: "c" },
    ];
    const standInModel: ServedStandIn = {
      id: "stand-in",
      contextLength: 999,
      kind: "chat",
      sees: true,
    };
    const { standIn, backend } = await start("ollama", { server: { models: [standInModel] } });
    await collect(backend.generate(ask({ messages }), never));
    expect(standIn.asked.at(-1)?.body).toHaveProperty("messages", [
      { role: "system", content: "Be kind." },
      {
        role: "user",
        content: [
          { type: "text", text: "What?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=", detail: "low" } },
        ],
      },
      {
        ...{ role: "assistant", content: null },
        tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", content: "7", tool_call_id: "c" },
    ]);
    await backend.close();
    await standIn.close();
  });
});

test.each<[GuiseName, { contextLength: number; has: string[]; lacks: string[] }]>([
  [
    "generic",
    { contextLength: 8_192, has: [SCORES, "toolRequest"], lacks: ["images", "sampling.topK"] },
  ],
  ["sglang", { contextLength: 2_048, has: ["sampling.seed", "toolRequest"], lacks: ["images"] }],
  ["tgi", { contextLength: 2_048, has: ["grammar.regex"], lacks: ["sampling.presencePenalty"] }],
  [
    "llama.cpp",
    { contextLength: 2_048, has: ["grammar.choice"], lacks: ["stopTokenIds", "images"] },
  ],
  [
    "ollama",
    { contextLength: 2_048, has: [SCORES], lacks: ["reasoningEffort", "toolRequest.choice"] },
  ],
  [
    "lm-studio",
    { contextLength: 2_048, has: ["sampling.topK"], lacks: ["grammar.json-object", SCORES] },
  ],
  ["localai", { contextLength: 8_192, has: ["grammar.choice"], lacks: [SCORES] }],
  ["parley", { contextLength: 2_048, has: ["reportPrompt", "grammar.regex"], lacks: ["images"] }],
])("%s is recognised by what it tells of itself", async (guise, { contextLength, has, lacks }) => {
  const { standIn, backend } = await start(guise);
  const offer = backend.card().models.find(({ name }) => name === "stand-in");
  expect(offer?.contextLength).toBe(contextLength);
  expect(offer?.fields).toEqual(expect.arrayContaining(has));
  for (const field of lacks) expect(offer?.fields).not.toContain(field);
  await backend.close();
  await standIn.close();
});
