/**
 * Goal: nothing that a request asks for is passed over in silence. Of every field and every backend before another
 * server: either the server is told, or the request is refused by the field's name and the server is not asked.
 * Method: a server that takes down what it is asked; each request differs from a plain one by one field, whose value
 * stands nowhere else.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AppError, isAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import { PROVIDER_NAMES, PROVIDERS, type ProviderName } from "@/lib/protocol/provider-table";
import { REQUEST_FIELDS, type RequestField } from "@/lib/protocol/request-fields";
import type { GuiseName } from "@/lib/stand-ins/openai-guises";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { startStandIn } from "@/lib/stand-ins/stand-in-server";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import { createExternalBackend } from "./external";
import { createOpenAiCompatibleBackend } from "./openai-compatible";
import { createVllmBackend } from "./vllm";

const never = new AbortController().signal;
const log = realLog.child({}, { level: "silent" });

const tool = {
  name: "find_kolibri",
  parameters: {
    ...{ type: "object", properties: { a: { type: "string" } }, required: ["a"] },
    additionalProperties: false,
  },
};
const tools = { tools: [tool, { ...tool, name: "g" }], choice: "auto" as const, isParallel: true };
const NOTHING: Partial<GenerateRequest> = {};
const OF_TOOLS: Partial<GenerateRequest> = { toolRequest: tools };
const OF_TEXT: Partial<GenerateRequest> = { messages: [], prompt: "Once upon" };
const schema = {
  ...{ type: "object", properties: { kolibri: { type: "string" } }, required: ["kolibri"] },
  additionalProperties: false,
};

type Wish = {
  changes: Partial<GenerateRequest>;
  /** What the server must be told, as it stands in the JSON of the body. */
  told: RegExp;
  /** Beside what it is a wish. */
  beside?: Partial<GenerateRequest>;
};

const WISHES: Record<RequestField, Wish> = {
  "sampling.temperature": { changes: { sampling: { temperature: 0.37 } }, told: /0\.37\b/ },
  "sampling.topP": { changes: { sampling: { topP: 0.83 } }, told: /0\.83\b/ },
  "sampling.topK": { changes: { sampling: { topK: 17 } }, told: /[kK]":17\b/ },
  "sampling.minP": { changes: { sampling: { minP: 0.13 } }, told: /0\.13\b/ },
  "sampling.presencePenalty": { changes: { sampling: { presencePenalty: 0.61 } }, told: /0\.61\b/ },
  "sampling.frequencyPenalty": {
    ...{ changes: { sampling: { frequencyPenalty: 0.67 } }, told: /0\.67\b/ },
  },
  "sampling.repetitionPenalty": {
    ...{ changes: { sampling: { repetitionPenalty: 1.19 } }, told: /1\.19\b/ },
  },
  "sampling.logitBias": { changes: { sampling: { logitBias: { "4711": 3 } } }, told: /"4711":3\b/ },
  "sampling.seed": { changes: { sampling: { seed: 90_210 } }, told: /[sS]eed":90210\b/ },
  stop: { changes: { stop: ["kolibri"] }, told: /\["kolibri"\]/ },
  stopTokenIds: { changes: { stopTokenIds: [4_712] }, told: /\[4712\]/ },
  ignoreEos: { changes: { ignoreEos: true }, told: /"ignore_eos":true/ },
  minTokens: { changes: { minTokens: 23 }, told: /"min_tokens":23\b/ },
  maxTokens: { changes: { maxTokens: 4_097 }, told: /4097\b/ },
  logProbabilityCount: { changes: { logProbabilityCount: 3 }, told: /logprobs":3\b/ },
  reportPrompt: {
    changes: { ...OF_TEXT, reportPrompt: true },
    told: /"echo":true/,
    beside: OF_TEXT,
  },
  reportTokenIds: { changes: { reportTokenIds: true }, told: /token_ids/ },
  resume: { changes: { resume: { tokenIds: [4_713] } }, told: /4713/ },
  prompt: {
    changes: { messages: [], prompt: "Once a kolibri" },
    told: /"prompt":"Once a kolibri"/,
  },
  "prompt.ids": { changes: { messages: [], prompt: [4_714, 5] }, told: /"prompt":\[4714,5\]/ },
  "grammar.json-object": {
    ...{ changes: { grammar: { type: "json-object" } }, told: /json_object|application\/json/ },
  },
  "grammar.json-schema": { changes: { grammar: { type: "json-schema", schema } }, told: /kolibri/ },
  "grammar.regex": {
    changes: { grammar: { type: "regex", pattern: "[4-7]{3}" } },
    told: /4-7\]\{3\}/,
  },
  "grammar.choice": {
    changes: { grammar: { type: "choice", choices: ["kolibri", "emu"] } },
    told: /kolibri.*emu/,
  },
  toolRequest: { changes: OF_TOOLS, told: /find_kolibri/ },
  "toolRequest.choice": {
    changes: { toolRequest: { ...tools, choice: { name: "find_kolibri" } } },
    told: /choice.*find_kolibri|find_kolibri.*(choice|"any"|"ANY"|required|REQUIRED)/i,
    beside: OF_TOOLS,
  },
  "toolRequest.isParallel": {
    changes: { toolRequest: { ...tools, isParallel: false } },
    told: /parallel_\w+":(false|true)/,
    beside: OF_TOOLS,
  },
  reasoningEffort: {
    changes: { reasoningEffort: "high" },
    told: /high|"?enable_thinking":true|think/i,
  },
  images: {
    changes: {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image", mediaType: "image/png", data: "a29saWJyaQ==" },
          ],
        },
      ],
    },
    told: /a29saWJyaQ==/,
  },
};

type Subject = {
  backend: Backend;
  model: string;
  /** Bodies of the requests to write that came since the last time. */
  take(): string[];
  close(): Promise<void>;
};

async function send(subject: Subject, changes: Partial<GenerateRequest>) {
  const request: GenerateRequest = {
    ...{ requestId: "r", model: subject.model, messages: [textMessage("user", "Tell me.")] },
    ...{ sampling: {}, stop: [], ...changes },
  };
  let error: AppError | undefined;
  try {
    for await (const _ of subject.backend.generate(request, never));
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    error = thrown;
  }
  return { error, bodies: subject.take() };
}

const plains = new WeakMap<Subject, Map<object, string>>();

/** The body of a request that wishes nothing, or what the wish stands beside. */
async function plainOf(subject: Subject, beside: Partial<GenerateRequest>): Promise<string> {
  const own = plains.get(subject) ?? new Map<object, string>();
  plains.set(subject, own);
  const known = own.get(beside) ?? (await send(subject, beside)).bodies[0] ?? "";
  own.set(beside, known);
  return known;
}

const nameOf = (field: RequestField) => field.split(".")[0];

/** @param isHonoured what the card says; undefined: nothing, and either will do. */
async function expectReached(subject: Subject, field: RequestField, isHonoured?: boolean) {
  const { changes, told, beside = NOTHING } = WISHES[field];
  const { error, bodies } = await send(subject, changes);
  if (
    isHonoured === false ||
    (isHonoured === undefined && error?.code === "unsupported-parameter")
  ) {
    expect(error, field).toMatchObject({ code: "unsupported-parameter" });
    expect(
      error?.param?.startsWith(nameOf(field) ?? "") ||
        /^(messages|grammar)/.test(error?.param ?? ""),
      `${field}: ${error?.param}`,
    ).toBe(true);
    expect(bodies, field).toEqual([]);
    return;
  }
  expect(bodies, `${field}: ${error?.message}`).toHaveLength(1);
  const plain = await plainOf(subject, beside);
  expect(bodies[0], field).toMatch(told);
  expect(bodies[0], field).not.toBe(plain);
}

function describeSubject(name: string, start: () => Promise<Subject>, isCutHere = true): void {
  describe(name, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(() => subject.close());

    test.each(REQUEST_FIELDS)("%s reaches the server, or is refused by its name", async (field) => {
      const offer = subject.backend.card().models.find((it) => it.name === subject.model);
      const isHonoured = offer?.fields?.includes(field) === true;
      // What is cut here needs no word to the server.
      if (field === "stop" && isCutHere) return;
      await expectReached(subject, field, isHonoured);
    });
  });
}

const GUISES = [
  ...(["generic", "sglang", "tgi", "llama.cpp", "ollama", "lm-studio", "localai"] as const),
  "parley",
] as const satisfies GuiseName[];
const SEEING = {
  ...{ id: "stand-in", contextLength: 9_999, kind: "chat" as const, sees: true, reasons: true },
};

async function startWire(guise: GuiseName, isOfTexts = false): Promise<Subject> {
  const server = await startOpenAiServer({ guise, models: [SEEING] });
  const common = { headers: () => ({}), models: [], honours: [], lacks: [] };
  const setting = { log, signal: never };
  const backend =
    guise === "vllm"
      ? await createVllmBackend({ ...common, server: { baseUrl: server.baseUrl } }, setting)
      : await createOpenAiCompatibleBackend(
          {
            ...common,
            baseUrl: server.baseUrl,
            embedders: [],
            mayProbe: !isOfTexts,
            server: guise === "parley" ? "parley" : undefined,
          },
          setting,
        );
  const take = () =>
    server.asked
      .splice(0)
      .filter(({ method, path }) => method === "POST" && path.endsWith("/completions"))
      .map(({ body }) => JSON.stringify(body));
  take();
  const close = async () => {
    await backend.close();
    await server.close();
  };
  return { backend, model: "stand-in", take, close };
}

for (const guise of [...GUISES, "vllm"] as const) {
  describeSubject(`a server like ${guise}`, () => startWire(guise));
}

/** What may stand beside a text to go on with. */
const BESIDE_TEXT = REQUEST_FIELDS.filter(
  (field) => !/^(prompt|toolRequest|reasoningEffort|images|resume|reportTokenIds)/.test(field),
);

describe.each([...GUISES, "vllm"] as const)("a text for a server like %s", (guise) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await startWire(guise, true);
  });
  afterAll(() => subject.close());

  test.each(BESIDE_TEXT.filter((field) => field !== "stop"))("%s", async (field) => {
    const { changes, ...wish } = WISHES[field];
    const own = { ...OF_TEXT, ...changes };
    const { error, bodies } = await send(subject, own);
    if (error?.code === "unsupported-parameter") {
      expect(bodies).toEqual([]);
      return;
    }
    expect(bodies, error?.message).toHaveLength(1);
    expect(bodies[0]).toMatch(field === "grammar.json-object" ? /json_object/ : wish.told);
  });
});

/** Names of which the SDK believes that they can what the provider's models can. */
const MODELS: Partial<Record<ProviderName, string>> = {
  ...{ openai: "gpt-4o", "openai-responses": "gpt-4o", azure: "gpt-4o" },
  ...{ anthropic: "claude-sonnet-4-5", google: "gemini-3-pro", vertex: "gemini-3-pro" },
  ...{ bedrock: "anthropic.claude-sonnet-4-5-v1:0", mistral: "mistral-large-latest" },
};

/** Its token comes from Google's own machines; its wire is Anthropic's, which is tried. */
const UNREACHABLE: ReadonlySet<ProviderName> = new Set(["vertex-anthropic"]);

async function startExternal(provider: ProviderName): Promise<Subject> {
  const server = await startStandIn({
    handle: ({ sendJson }) => sendJson({ error: { message: "Taken down." } }, 400),
    toError: () => ({}),
  });
  const { place } = PROVIDERS[provider];
  const own = { region: "eu-stand-1", project: "p", location: "l", resource: "r" } as const;
  const needed = Object.entries(own).filter(([key]) => place.required.some((it) => it === key));
  const entry = modelEntrySchema.parse({
    ...{ name: "shown", provider, model: MODELS[provider] ?? "stand-in", contextLength: 9_999 },
    ...{ baseUrl: server.url, ...Object.fromEntries(needed) },
    features: ["chat", "tools", "images", "reasoning"],
  });
  const credentials =
    provider === "bedrock" ? { accessKeyId: "A", secretAccessKey: "s" } : { key: "k" };
  const models = [{ entry, credentials }];
  const backend = await createExternalBackend({
    source: { read: async () => ({ models, warnings: [], unusable: [] }), watch: () => undefined },
    ...{ only: [], slots: 1, log },
  });
  const close = async () => {
    await backend.close();
    await server.close();
  };
  const take = () => server.asked.splice(0).map(({ body }) => JSON.stringify(body));
  return { backend, model: "shown", take, close };
}

for (const provider of PROVIDER_NAMES.filter((it) => !UNREACHABLE.has(it))) {
  const isCutHere = PROVIDERS[provider].stopsMax === 0;
  describeSubject(`the provider ${provider}`, () => startExternal(provider), isCutHere);
}
