/**
 * Goal: whatever a module does, its worker keeps its word to the platform.
 * Method: modules made here, each with one habit, behind the backend.
 */
import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { type AppError, isAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { requestLog } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import { backendContract } from "../backend-contract";
import { createCustomBackend } from "./custom";
import type {
  CustomBackend,
  CustomModel,
  CustomRequest,
  Piece,
  ToCount,
} from "./custom/module-interface";
import { readModule } from "./custom/read-module";
import { toIds, toPieces, toText } from "./mock-tokens";

const never = new AbortController().signal;
setMaxListeners(0, never);
const WORDS = "one two three four five six seven eight nine ten".split(" ");

const open: Backend[] = [];
afterEach(async () => {
  for (const backend of open.splice(0)) await backend.close();
});

type Made = Omit<CustomBackend, "models">;

function serve(
  functions: Made,
  {
    model = {},
    slots = 2,
    silenceMsMax,
  }: {
    model?: Partial<CustomModel>;
    slots?: number;
    silenceMsMax?: number;
  } = {},
): Backend {
  const models = [{ name: "mine", contextLength: 1_024, ...model }];
  const module = readModule({ models, ...functions }, { path: "./mine.mjs", file: "its text" });
  const silence = silenceMsMax === undefined ? {} : { silenceMsMax };
  const options = { key: "key-of-nobody" };
  const backend = createCustomBackend({ module, options, slots, log: requestLog, ...silence });
  open.push(backend);
  return backend;
}

function ask(changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = [textMessage("user", "Count.")];
  return { requestId: "r", model: "mine", messages, sampling: {}, stop: [], ...changes };
}

async function collect(events: AsyncIterable<GenerateEvent>) {
  const all: GenerateEvent[] = [];
  for await (const event of events) all.push(event);
  const [start] = all;
  const end = all.at(-1);
  if (start?.type !== "generation-start" || end?.type !== "generation-end") {
    throw new Error(`from ${start?.type} to ${end?.type}`);
  }
  const joined = (type: "text-delta" | "reasoning-delta") =>
    all.map((it) => (it.type === type ? it.text : "")).join("");
  return { all, start, end, text: joined("text-delta"), reasoning: joined("reasoning-delta") };
}

/** What a module's pieces become. */
const say = (pieces: Iterable<Piece>, changes = {}, model: Partial<CustomModel> = {}) =>
  collect(serve({ generate: () => pieces }, { model }).generate(ask(changes), never));

async function failure(run: () => Promise<unknown>): Promise<AppError> {
  try {
    await run();
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
  throw new Error("nothing went wrong");
}

/** A module that counts its own tokens, draws by its seed, calls tools and thinks. */
const COUNTING: Made = {
  async *generate({ sampling: { temperature = 1, seed = 0 }, maxTokens, messages }) {
    const first = temperature === 0 ? 0 : seed % WORDS.length;
    for (let at = 0; at < Math.min(maxTokens, 30); at++) {
      await null;
      yield { text: `${at === 0 ? "" : " "}${WORDS[(first + at) % WORDS.length]}`, tokens: 1 };
    }
    expect(messages.length).toBeGreaterThan(0);
  },
  tokenize: (request) => toIds("text" in request ? request.text : render(request)),
  detokenize: ({ ids }) => toText(ids),
};

function render({ messages, toolRequest, addGenerationPrompt = true }: ToCount): string {
  const turns = messages.map(({ role, content }) => `${role}: ${content}\n`).join("");
  const tools = toolRequest ? `${JSON.stringify(toolRequest.tools)}\n` : "";
  return `${tools}${turns}${addGenerationPrompt ? "assistant:" : ""}`;
}

backendContract("a module that counts", async () => {
  const model: CustomModel = {
    ...{ name: "counter", contextLength: 512 },
    fields: ["sampling.temperature", "sampling.topP", "sampling.seed", "toolRequest"],
  };
  const module = readModule({ models: [model], ...COUNTING }, { path: "./counter.mjs", file: "" });
  return {
    backend: createCustomBackend({ module, slots: 3, log: requestLog }),
    model: "counter",
  };
});

backendContract("a module that makes vectors too, and counts nothing", async () => {
  const vectors: Made = {
    ...{ generate: COUNTING.generate },
    embed: async ({ inputs }) => ({ embeddings: inputs.map((it) => [it.length, 3]) }),
  };
  const fields: CustomModel["fields"] = ["sampling.temperature"];
  const models = [{ name: "vectors", contextLength: 512, fields }];
  const module = readModule({ models, ...vectors }, { path: "./vectors.mjs", file: "" });
  return {
    backend: createCustomBackend({ module, slots: 1, log: requestLog }),
    model: "vectors",
  };
});

describe("pieces", () => {
  test("any iterable will do, and a text as a whole", async () => {
    async function* slowly() {
      for (const word of ["a", " b"]) yield await Promise.resolve(word);
    }
    for (const answer of [
      () => ["a", " b"],
      () => new Set(["a", { text: " b" }]),
      () => slowly(),
      () => Promise.resolve(slowly()),
      () => "a b",
      () => Promise.resolve({ text: "a b" }),
      () => Readable.from(["a", " b"]),
    ] satisfies CustomBackend["generate"][]) {
      const { text, end } = await collect(serve({ generate: answer }).generate(ask(), never));
      expect(text).toBe("a b");
      expect(end.finishReason).toBe("stop");
    }
  });

  test("tokens that nobody counts are one a piece, or one for four characters", async () => {
    const words = await say(["a", " b", " c"]);
    expect(words.all.slice(1, -1)).toMatchObject([{ tokens: 1 }, { tokens: 1 }, { tokens: 1 }]);
    expect(words.end.usage).toEqual({ promptTokens: 2, completionTokens: 3 });
    expect((await say(["x".repeat(41)])).end.usage.completionTokens).toBe(11);
  });

  test("what the module counts is told", async () => {
    const usage = { promptTokens: 7, completionTokens: 12, cachedPromptTokens: 5 };
    const { start, end, all } = await say([
      { usage: { promptTokens: 7 } },
      { text: "a", tokens: 9 },
      { usage },
    ]);
    expect(start.promptTokens).toBe(7);
    expect(all[1]).toMatchObject({ tokens: 9 });
    expect(end.usage).toEqual(usage);
  });

  test.each([
    [["one two", " three"], "one two three", 10, "stop"],
    [["abcdefghijkl"], "abcdefgh", 2, "length"],
    [["ab", "cd", "ef"], "abcd", 2, "length"],
    [[{ text: "abcdef", tokens: 6 }], "abc", 3, "length"],
    [[{ text: "ab\u{1F600}", tokens: 4 }], "ab", 3, "length"],
  ] as [Piece[], string, number, string][])(
    "%j is %j within %i tokens",
    async (pieces, text, maxTokens, reason) => {
      const said = await say(pieces, { maxTokens });
      expect(said.text).toBe(text);
      expect(said.end.finishReason).toBe(reason);
      expect(said.end.usage.completionTokens).toBeLessThanOrEqual(maxTokens);
    },
  );

  test("one that never ends is cut at the context, and told to stop", async () => {
    let left = false;
    async function* forever(_: CustomRequest, signal: AbortSignal) {
      try {
        for (;;) yield { text: " on", tokens: 1 };
      } finally {
        left = signal.aborted;
      }
    }
    const backend = serve({ generate: forever }, { model: { contextLength: 64 } });
    const { end } = await collect(backend.generate(ask(), never));
    expect(end).toMatchObject({ finishReason: "length", usage: { completionTokens: 62 } });
    expect(left).toBe(true);
    await expect.poll(() => backend.underWay?.()).toBe(0);
  });

  test("one that never waits lets others have their turn", async () => {
    function* breathless() {
      for (;;) yield { text: "x", tokens: 0 };
    }
    const abort = new AbortController();
    setImmediate(() => abort.abort());
    const seen: string[] = [];
    for await (const { type } of serve({ generate: breathless }).generate(ask(), abort.signal)) {
      seen.push(type);
    }
    expect(seen).not.toContain("generation-end");
  });

  test("reasoning is told apart, or stands in the text between marks", async () => {
    const pieces: Piece[] = [{ reasoning: "hm" }, { reasoning: " so" }, "yes"];
    const apart = await say(pieces, { splitReasoning: true });
    expect([apart.reasoning, apart.text]).toEqual(["hm so", "yes"]);
    expect((await say(pieces)).text).toBe("<think>\nhm so\n</think>\n\nyes");
    expect((await say([{ reasoning: "hm" }])).text).toBe("<think>\nhm\n</think>\n\n");
  });

  test("a call is told with its arguments, as text or as a value", async () => {
    const toolRequest = { tools: [{ name: "look" }], choice: "auto" as const, isParallel: true };
    const model: Partial<CustomModel> = { fields: ["toolRequest"] };
    const pieces: Piece[] = [
      { toolCall: { id: "a1", name: "look", arguments: '{"at":1}' } },
      { toolCall: { name: "look", arguments: { at: 2 } } },
    ];
    const { all, end } = await say(pieces, { toolRequest }, model);
    expect(all.slice(1, -1)).toMatchObject([
      { type: "tool-call-start", index: 0, id: "a1", name: "look" },
      { type: "tool-call-delta", index: 0, text: '{"at":1}' },
      { type: "tool-call-start", index: 1, id: expect.stringMatching(/^call_/), name: "look" },
      { type: "tool-call-delta", index: 1, text: '{"at":2}' },
    ]);
    expect(end.finishReason).toBe("tool-calls");
    const unasked = await failure(() => say(pieces, {}, model));
    expect(unasked.message).toMatch(/yielded a toolCall that the request does not allow/);
  });

  test.each<[pieces: unknown, sentence: RegExp]>([
    [[7], /^generate of the module behind this model yielded a number\. Yield a text/],
    [[null], /yielded null/],
    [[["a"]], /yielded a list/],
    [[{}], /an object that says nothing/],
    [[{ txt: "a" }], /an object with "txt", which is none of text, reasoning/],
    [[{ text: 1 }], /yielded a number as text/],
    [[{ text: "a", tokens: 1.5 }], /yielded a number as tokens\. It is a whole number/],
    [[{ finishReason: "done" }], /neither "stop" nor "length"/],
    [[{ usage: { prompt_tokens: 1 } }], /usage with "prompt_tokens"\. It has promptTokens/],
    [[{ toolCall: { name: "a b", arguments: "" } }], /toolCall without a name of letters/],
    [7, /returned a number\. Write it as async \*generate/],
    [undefined, /returned undefined/],
    [{ [Symbol.iterator]: () => 1 }, /only looks like an iterable/],
  ])("%j is told for what it is", async (pieces, sentence) => {
    // As careless as a module in plain JavaScript.
    const backend = serve({ generate: () => pieces as Piece[] });
    const error = await failure(() => collect(backend.generate(ask(), never)));
    expect(error).toMatchObject({ code: "upstream-invalid", retryable: true });
    expect(error.message).toMatch(sentence);
    await expect.poll(() => backend.underWay?.()).toBe(0);
  });
});

describe("requests", () => {
  test("a module is told what its fields name, and all else is refused by its name", async () => {
    const asked: CustomRequest[] = [];
    const generate = (request: CustomRequest) => {
      asked.push(request);
      return "yes";
    };
    const backend = serve(
      { generate },
      { model: { contextLength: 4_096, fields: ["sampling.seed", "images"] } },
    );
    const refused = await failure(() =>
      collect(backend.generate(ask({ sampling: { temperature: 0.5 } }), never)),
    );
    expect(refused).toMatchObject({
      ...{ code: "unsupported-parameter", param: "sampling.temperature" },
      message: expect.stringContaining("the module that runs mine"),
    });
    const image = { type: "image" as const, mediaType: "image/png" as const, data: "iVBORw0KGgo=" };
    const messages = [
      { role: "user" as const, content: [{ type: "text" as const, text: "See?" }, image] },
    ];
    const { start } = await collect(
      backend.generate(
        ask({ messages, sampling: { seed: 5, topK: 0 }, choice: 2, stop: ["."] }),
        never,
      ),
    );
    expect(start.sampling).toEqual({ temperature: 1, topP: 1, seed: 5 });
    expect(asked).toEqual([
      {
        ...{ requestId: "r", model: "mine", stop: ["."], maxTokens: 4_096 - 1_401 },
        messages: [
          { role: "user", content: "See?", parts: [{ type: "text", text: "See?" }, image] },
        ],
        sampling: { seed: 7 },
      },
    ]);
  });

  test("without fields there is no list of wishes that it seems to grant", () => {
    const [offer] = serve({ generate: () => "a" }).card().models;
    expect(offer).toMatchObject({ fields: ["stop", "maxTokens"], features: ["chat"] });
  });

  test("a limit of 0 asks for the prompt alone, and no answer", async () => {
    let calls = 0;
    const generate = () => {
      calls++;
      return "a";
    };
    const { end } = await collect(serve({ generate }).generate(ask({ maxTokens: 0 }), never));
    expect(end).toMatchObject({
      finishReason: "length",
      usage: { promptTokens: 2, completionTokens: 0 },
    });
    expect(calls).toBe(0);
  });
});

describe("faults", () => {
  const error = (more: object, message = "It says so.") => Object.assign(new Error(message), more);
  test.each<[thrown: unknown, told: object]>([
    [
      error({}),
      {
        code: "upstream-invalid",
        message: expect.stringContaining("module behind this model failed"),
      },
    ],
    [
      "a text",
      {
        code: "upstream-invalid",
        cause: expect.objectContaining({ message: "The module threw string, no Error." }),
      },
    ],
    [
      error({ code: "invalid-request", param: "messages" }),
      { code: "invalid-request", param: "messages", message: "It says so." },
    ],
    [
      error({ code: "rate-limited", retryAfterSeconds: 9 }),
      { code: "rate-limited", retryAfterSeconds: 9 },
    ],
    [error({ code: "internal" }), { code: "upstream-invalid" }],
    [
      error({ status: 429, headers: { "retry-after": "4" } }),
      { code: "rate-limited", retryAfterSeconds: 4 },
    ],
    [error({ status: 401 }, "key-of-nobody"), { code: "unavailable" }],
    [
      error({ status: 400 }, "key-of-nobody is wrong"),
      { code: "invalid-request", message: "… is wrong" },
    ],
    [error({ code: "ECONNREFUSED" }), { code: "worker-lost" }],
    [error({ name: "TimeoutError" }), { code: "timeout" }],
    [
      new SyntaxError("Unexpected token"),
      { code: "upstream-invalid", message: expect.stringContaining("not expected") },
    ],
  ])("%o is told in our words, and the next request is answered", async (thrown, told) => {
    let isWell = false;
    const backend = serve({
      async *generate() {
        if (!isWell) throw thrown;
        yield "well again";
      },
    });
    const failed = await failure(() => collect(backend.generate(ask(), never)));
    expect(failed).toMatchObject(told);
    expect(String(failed.cause)).not.toContain("key-of-nobody");
    isWell = true;
    if (failed.retryAfterSeconds !== undefined) {
      const paused = await failure(() => collect(backend.generate(ask(), never)));
      expect(paused.code).toBe("rate-limited");
      return;
    }
    expect((await collect(backend.generate(ask(), never))).text).toBe("well again");
    await expect.poll(() => backend.underWay?.()).toBe(0);
  });

  test("one that throws in the middle keeps its cause for the log", async () => {
    const cause = new Error("the tape tore");
    const backend = serve({
      async *generate() {
        yield "a";
        throw cause;
      },
    });
    const failed = await failure(() => collect(backend.generate(ask(), never)));
    expect(failed.cause).toBe(cause);
    expect(failed.message).not.toContain("tape");
  });

  test("one that is silent is given up", async () => {
    const backend = serve(
      { generate: () => new Promise<never>(() => undefined) },
      { silenceMsMax: 20 },
    );
    const failed = await failure(() => collect(backend.generate(ask(), never)));
    expect(failed.code).toBe("timeout");
    expect(backend.underWay?.()).toBe(1);
  });

  test("one that hears no abort keeps its place until its work is over", async () => {
    let release = () => undefined as undefined;
    const gate = new Promise<void>((resolve) => {
      release = () => void resolve();
    });
    let calls = 0;
    const backend = serve(
      {
        async *generate() {
          const call = ++calls;
          yield "a";
          if (call === 1) await gate;
        },
      },
      { slots: 1 },
    );
    const abort = new AbortController();
    const seen: string[] = [];
    for await (const event of backend.generate(ask(), abort.signal)) {
      seen.push(event.type);
      if (event.type === "text-delta") setImmediate(() => abort.abort());
    }
    expect(seen).toEqual(["generation-start", "text-delta"]);
    expect(backend.underWay?.()).toBe(1);
    expect(backend.foreignLoad?.()).toEqual({ running: 1, waiting: 0 });
    const next = collect(backend.generate(ask(), never));
    await new Promise((resolve) => void setImmediate(resolve));
    expect(calls).toBe(1);
    release();
    expect((await next).text).toBe("a");
    expect(calls).toBe(2);
    await expect.poll(() => backend.underWay?.()).toBe(0);
    expect(backend.foreignLoad?.()).toEqual({ running: 0, waiting: 0 });
  });
});

describe("calls beside generate", () => {
  const TEXTS = { requestId: "r", model: "mine", inputs: ["a text"] };
  const RANK = { requestId: "r", model: "mine", query: "q", documents: ["a", "b"] };
  const READING: Made = {
    embed: async () => ({ embeddings: [[3, 4]] }),
    rerank: async () => ({ scores: [0.2, 0.8], promptTokens: 5 }),
    classify: async () => ({
      results: [
        [
          { label: "a", score: 0.1 },
          { label: "b", score: 0.9 },
        ],
      ],
    }),
  };

  test("replies are brought into our form, and counted where nobody did", async () => {
    const backend = serve(READING);
    expect(backend.card().models[0]?.features).toEqual(["embeddings", "rerank", "classify"]);
    expect(await backend.embed(TEXTS, never)).toEqual({
      embeddings: [[0.6, 0.8]],
      promptTokens: 2,
    });
    expect(await backend.rerank(RANK, never)).toEqual({ scores: [0.2, 0.8], promptTokens: 5 });
    const { results } = await backend.classify(TEXTS, never);
    expect(results[0]?.map(({ label }) => label)).toEqual(["b", "a"]);
    expect((await failure(() => collect(backend.generate(ask(), never)))).code).toBe(
      "not-supported",
    );
  });

  test("what cannot be told to a module is refused by its name", async () => {
    const backend = serve(READING);
    const errors = [
      await failure(() => backend.embed({ ...TEXTS, inputs: [[1, 2]] }, never)),
      await failure(() => backend.embed({ ...TEXTS, overflow: "truncate" }, never)),
      await failure(() => backend.rerank({ ...RANK, overflow: "truncate" }, never)),
    ];
    expect(errors.map(({ param }) => param)).toEqual(["inputs.0", "overflow", "overflow"]);
  });

  test("replies of another form name the function and the form", async () => {
    const careless = async () => ({ embeddings: [[1], [2]], scores: [2], results: "none" });
    // As careless as a module in plain JavaScript.
    const backend = serve({ embed: careless, rerank: careless, classify: careless as never });
    for (const [name, run] of [
      ["embed", () => backend.embed(TEXTS, never)],
      ["rerank", () => backend.rerank(RANK, never)],
      ["classify", () => backend.classify(TEXTS, never)],
    ] as const) {
      const error = await failure(run);
      expect(error.code).toBe("upstream-invalid");
      expect(error.message).toMatch(new RegExp(`^${name} of the module .* should: \\{ `));
    }
    await expect.poll(() => backend.underWay?.()).toBe(0);
  });

  test("names of tokens are what they read as", async () => {
    const backend = serve(COUNTING);
    const reply = await backend.tokenize(
      { model: "mine", text: "one two", returnNames: true },
      never,
    );
    expect(reply.names?.join("")).toBe("one two");
    expect(reply.ids).toHaveLength(toPieces("one two").length);
  });
});
