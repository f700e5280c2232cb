/**
 * Goal: whichever of the SDK's packages reads it, a stream of OpenAI's shape is read for what it says, with the ways
 * that servers have: what keeps a connection alive, errors in the middle, calls without ids, reasons of others.
 * Method: each provider of that shape before a server that writes each stream as it stands here.
 */
import { describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import type { ProviderName } from "@/lib/protocol/provider-table";
import { type StandInExchange, startStandIn } from "@/lib/stand-ins/stand-in-server";
import { log as realLog } from "@/lib/telemetry/log";
import { createExternalBackend } from "./external";

const log = realLog.child({}, { level: "silent" });
const SHAPED = [
  ...(["openai", "azure", "mistral", "groq", "together", "fireworks", "deepseek", "xai"] as const),
  ...(["perplexity", "openrouter", "openai-compatible"] as const),
];
const DONE = "data: [DONE]\n\n";
const HEAD = { id: "c1", object: "chat.completion.chunk", created: 1, model: "m" };
const chunk = (choice: object, more: object = {}) =>
  `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`;
const said = (content: unknown, more: object = {}) =>
  chunk({ delta: { role: "assistant", content }, ...more });
const over = (reason: string) => chunk({ delta: {}, finish_reason: reason });
const call = (it: object) => chunk({ delta: { tool_calls: [it] } });
const f = (text: string, name = "f") => ({ type: "function", function: { name, arguments: text } });
const error = (it: unknown) => `data: ${JSON.stringify({ error: it })}\n\n`;
const plain = `${said("Grüße, ")}${said("🌊 Fluß")}${over("stop")}${DONE}`;
const PLAIN = "Grüße, 🌊 Fluß; stop";
const ENDED_CALL = over("tool_calls") + DONE;
const zeros = { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } };

const CASES: [name: string, stream: string, outcome: string][] = [
  ["as OpenAI has it", plain, PLAIN],
  ["of two-byte line ends", plain.replaceAll("\n", "\r\n"), PLAIN],
  ["with comments", `: hi\n\n${plain}`.replaceAll("\n\n", "\n\n: ping\n\n"), PLAIN],
  ["with events of nothing", `data: \n\nevent: ping\ndata: {"type":"ping"}\n\n${plain}`, PLAIN],
  ["without a mark of its end", plain.replace(DONE, ""), PLAIN],
  ["with empty reasons", `${said("a", { finish_reason: "" })}${over("stop")}${DONE}`, "a; stop"],
  ["that is cut", said("a", { finish_reason: "" }), "a; worker-lost"],
  ["of nothing but its end", DONE, "; worker-lost"],
  ["with a rate limit", said("a") + error({ code: 429, message: "Slow." }), "a; rate-limited"],
  ["that is a rate limit", error({ code: 429, message: "Slow." }), "; rate-limited"],
  [
    "with an error beside choices",
    `${said("a")}${chunk({ delta: { content: "" }, finish_reason: "error" }, { error: { code: 502, message: "Gone" } })}${DONE}`,
    "a; upstream-invalid",
  ],
  ["with an error in a word", error("boom"), "; upstream-invalid"],
  [
    "with an error of vLLM's older form",
    `data: {"object":"error","message":"maximum context length is 9","code":400}\n\n${DONE}`,
    "; context-length-exceeded",
  ],
  ["with garbage", `${said("a")}data: {"choi\n\n`, "a; upstream-invalid"],
  ["that a filter withheld", said("a") + over("content_filter") + DONE, "a; invalid-request"],
  ["that was given up", said("a") + over("insufficient_system_resource") + DONE, "a; worker-lost"],
  ["of full length", said("a") + over("model_length") + DONE, "a; length"],
  ["with a refusal", chunk({ delta: { refusal: "No." } }) + over("stop") + DONE, "No.; stop"],
  ["of nothing", over("stop") + DONE, "; stop"],
  [
    "with zeros for counts",
    chunk({ delta: { content: "abc" } }, zeros) + over("stop") + DONE,
    "abc; stop",
  ],
];

/** What Perplexity has no word for. */
const OF_CALLS: typeof CASES = [
  ["in one piece", call({ index: 0, id: "x", ...f("{}") }) + ENDED_CALL, "f{}; tool-calls"],
  ["without an index", call({ id: "x", ...f("{}") }) + ENDED_CALL, "f{}; tool-calls"],
  ["without an id", call({ index: 0, ...f("{}") }) + ENDED_CALL, "f{}; tool-calls"],
  ["with an empty id", call({ index: 0, id: "", ...f("{}") }) + ENDED_CALL, "f{}; tool-calls"],
  [
    "without a type",
    call({ index: 0, id: "x", function: f("{}").function }) + ENDED_CALL,
    "f{}; tool-calls",
  ],
  [
    "that end with stop",
    call({ index: 0, id: "x", ...f("{}") }) + over("stop") + DONE,
    "f{}; tool-calls",
  ],
  [
    "that share an index",
    call({ index: 0, id: "x", ...f('{"a":1}') }) +
      call({ index: 0, id: "y", ...f('{"b":2}', "g") }) +
      ENDED_CALL,
    'f{"a":1}g{"b":2}; tool-calls',
  ],
];

async function start(provider: ProviderName, answer: (exchange: StandInExchange) => void) {
  const server = await startStandIn({ handle: answer, toError: () => ({}) });
  const entry = modelEntrySchema.parse({
    ...{ name: "shown", provider, model: "stand-in", contextLength: 9_999, baseUrl: server.url },
    features: ["chat", "tools", "reasoning"],
  });
  const models = [{ entry, credentials: { key: "k" } }];
  const backend = await createExternalBackend({
    source: { read: async () => ({ models, warnings: [], unusable: [] }), watch: () => undefined },
    ...{ only: [], slots: 1, log },
  });
  const close = async () => {
    await backend.close();
    await server.close();
  };
  return { backend, server, close };
}

type Started = Awaited<ReturnType<typeof start>>;

const parameters = { type: "object", properties: {} };
const TOOLS = ["f", "g"].map((name) => ({ name, parameters }));

/** What was told, and how it ended. */
async function run({ backend }: Started, changes: Partial<GenerateRequest> = {}) {
  const request: GenerateRequest = {
    ...{ requestId: "r", model: "shown", messages: [textMessage("user", "Tell me.")] },
    ...{ sampling: {}, stop: [], splitReasoning: true, ...changes },
  };
  let told = "";
  let usage = { promptTokens: 1, completionTokens: 0 };
  try {
    for await (const event of backend.generate(request, new AbortController().signal)) {
      if (event.type === "text-delta" || event.type === "tool-call-delta") told += event.text;
      if (event.type === "tool-call-start") {
        expect(event.id).not.toBe("");
        told += event.name;
      }
      if (event.type !== "generation-end") continue;
      usage = event.usage;
      told += `; ${event.finishReason}`;
    }
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    told += `; ${thrown.code}`;
  }
  // No prompt has no tokens, whatever nobody has counted.
  expect(usage.promptTokens).toBeGreaterThan(0);
  return told;
}

const writes =
  (stream: string) =>
  ({ response }: StandInExchange) =>
    void response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);

describe.each(SHAPED)("%s reads a stream", (provider) => {
  test("in every form", async () => {
    let stream = "";
    const started = await start(provider, (exchange) => writes(stream)(exchange));
    for (const [name, text, outcome] of CASES) {
      stream = text;
      // A rate limit is waited for, and so are all that come after.
      const its = outcome.endsWith("rate-limited") ? await start(provider, writes(text)) : started;
      expect(await run(its), name).toBe(outcome);
      if (its !== started) await its.close();
    }
    await started.close();
  });

  test.skipIf(provider === "perplexity")("of calls in every form", async () => {
    let stream = "";
    const started = await start(provider, (exchange) => writes(stream)(exchange));
    const toolRequest = { tools: TOOLS, choice: "auto" as const, isParallel: true };
    for (const [name, text, outcome] of OF_CALLS) {
      stream = text;
      expect(await run(started, { toolRequest }), name).toBe(outcome);
    }
    await started.close();
  });
});

describe("after the reason of its end", () => {
  test("a connection that breaks has told the answer", async () => {
    const started = await start("openai", ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(said("a") + over("stop"), () => response.socket?.resetAndDestroy());
    });
    expect(await run(started)).toBe("a; stop");
    await started.close();
  });
});

test("an answer without an end is cut off, and its server let go", async () => {
  const started = await start("openai-compatible", ({ response }) => {
    const piece = said("word ".repeat(1_000));
    response.writeHead(200, { "content-type": "text/event-stream" });
    const more = () => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
  });
  expect(await run(started, { maxTokens: 10 })).toMatch(/; upstream-invalid$/);
  expect(await started.server.asked[0]?.closedEarly).toBe(true);
  await started.close();
});
