/**
 * Goal: the streams of providers with a wire of their own are read for what they say: events of tomorrow are passed
 * over, reasons of an end are what they are, and errors in the middle are told by their kind.
 * Method: each before a server that writes each stream as it stands here, by the provider's published reference.
 */
import { describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import type { ProviderName } from "@/lib/protocol/provider-table";
import { AWS_EVENT_STREAM } from "@/lib/stand-ins/aws-event-stream";
import { startStandIn } from "@/lib/stand-ins/stand-in-server";
import { log as realLog } from "@/lib/telemetry/log";
import { createExternalBackend } from "./external";

const log = realLog.child({}, { level: "silent" });
const KEY = "key-of-the-provider";

type Case = [name: string, stream: string | Uint8Array, outcome: string];

const event = (type: string, more: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

function ofAnthropic(): Case[] {
  const usage = { input_tokens: 5, output_tokens: 1 };
  const message = { id: "m", type: "message", role: "assistant", model: "c", content: [], usage };
  const start = event("message_start", { message });
  const block = (it: object) => event("content_block_start", { index: 0, content_block: it });
  const delta = (it: object) => event("content_block_delta", { index: 0, delta: it });
  const over = event("content_block_stop", { index: 0 });
  const end = (reason: string) =>
    event("message_delta", { delta: { stop_reason: reason }, usage: { output_tokens: 3 } }) +
    event("message_stop");
  const error = (type: string, text = "No.") => event("error", { error: { type, message: text } });
  const a = start + block({ type: "text", text: "" }) + delta({ type: "text_delta", text: "a" });
  return [
    ["pings", start + event("ping") + a.slice(start.length) + over + end("end_turn"), "a; stop"],
    ["an event of tomorrow", a + event("future", { x: 1 }) + over + end("end_turn"), "a; stop"],
    [
      "a delta of tomorrow",
      a + delta({ type: "future", x: 1 }) + over + end("end_turn"),
      "a; stop",
    ],
    ["a block of tomorrow", start + block({ type: "future" }) + over + end("end_turn"), "; stop"],
    ["nothing", start + end("end_turn"), "; stop"],
    ["an event of nothing", `data: \n\n${a}${over}${end("end_turn")}`, "a; stop"],
    ["a refusal", a + over + end("refusal"), "a; invalid-request"],
    ["all that it may", a + over + end("max_tokens"), "a; length"],
    ["all that fits", a + over + end("model_context_window_exceeded"), "a; length"],
    ["a cut", a, "a; worker-lost"],
    ["too much to do", a + error("overloaded_error"), "a; overloaded"],
    ["an error with a key", a + error("invalid_request_error", `${KEY}!`), "a; invalid-request"],
    ["a limit", a + error("rate_limit_error"), "a; rate-limited"],
  ];
}

function ofGoogle(): Case[] {
  const chunk = (it: object) => `data: ${JSON.stringify(it)}\r\n\r\n`;
  const said = (...parts: object[]) =>
    chunk({ candidates: [{ content: { parts, role: "model" }, index: 0 }] });
  const over = (finishReason: string) => chunk({ candidates: [{ finishReason, index: 0 }] });
  const a = said({ text: "a" });
  const error = (code: number) => chunk({ error: { code, message: "No.", status: "S" } });
  return [
    [
      "comments and parts of tomorrow",
      `: hi\n\n${a}${said({ future: 1 })}${over("STOP")}`,
      "a; stop",
    ],
    [
      "a prompt that is blocked",
      chunk({ promptFeedback: { blockReason: "SAFETY" } }),
      "; invalid-request",
    ],
    ["an answer that is blocked", a + over("SAFETY"), "a; invalid-request"],
    ["a language that is none of its", a + over("LANGUAGE"), "a; invalid-request"],
    ["no reason at all", a + over("OTHER"), "a; upstream-invalid"],
    ["a call that nobody offered", a + over("UNEXPECTED_TOOL_CALL"), "a; upstream-invalid"],
    ["all that it may", a + over("MAX_TOKENS"), "a; length"],
    ["a cut", a, "a; worker-lost"],
    ["a failure", a + error(503), "a; upstream-invalid"],
    ["a limit", error(429), "; rate-limited"],
  ];
}

function ofCohere(): Case[] {
  const a =
    event("message-start", { id: "1", delta: { message: { role: "assistant" } } }) +
    event("content-start", {
      index: 0,
      delta: { message: { content: { type: "text", text: "" } } },
    }) +
    event("content-delta", { index: 0, delta: { message: { content: { text: "a" } } } });
  const tokens = { input_tokens: 5, output_tokens: 2 };
  const end = (reason: string) =>
    event("content-end", { index: 0 }) +
    event("message-end", { delta: { finish_reason: reason, usage: { tokens } } });
  return [
    ["an event of tomorrow", a + event("future", { x: 1 }) + end("COMPLETE"), "a; stop"],
    ["all that it may", a + end("MAX_TOKENS"), "a; length"],
    ["a time-out", a + end("TIMEOUT"), "a; upstream-invalid"],
    ["a failure", a + end("ERROR"), "a; upstream-invalid"],
    ["a filter's word", a + end("ERROR_TOXIC"), "a; invalid-request"],
    ["a cut", a, "a; worker-lost"],
  ];
}

function ofResponses(): Case[] {
  const place = { item_id: "i", output_index: 0, content_index: 0 };
  const item = { id: "i", type: "message", status: "in_progress", role: "assistant", content: [] };
  const response = { id: "r", created_at: 1, model: "gpt-4o", output: [] };
  const created = event("response.created", { response });
  const begun = created + event("response.output_item.added", { output_index: 0, item });
  const a = begun + event("response.output_text.delta", { ...place, delta: "a" });
  const no = begun + event("response.refusal.delta", { ...place, delta: "No." });
  const usage = { input_tokens: 5, output_tokens: 2 };
  const end = (type: string, reason?: string) => {
    const done = event("response.output_item.done", { output_index: 0, item });
    const details = reason && { incomplete_details: { reason } };
    return done + event(type, { response: { ...response, usage, ...details } });
  };
  const failed = (code: string) =>
    event("response.failed", { sequence_number: 9, response: { error: { code, message: "No." } } });
  const error = (code: string) =>
    event("error", { sequence_number: 9, code, message: "No.", param: null });
  return [
    ["an event of tomorrow", a + event("future", { x: 1 }) + end("response.completed"), "a; stop"],
    ["a refusal", no + end("response.completed"), "No.; stop"],
    ["all that it may", a + end("response.incomplete", "max_output_tokens"), "a; length"],
    ["a filter's word", a + end("response.incomplete", "content_filter"), "a; invalid-request"],
    ["a failure", a + failed("server_error"), "a; upstream-invalid"],
    ["a limit", a + failed("rate_limit_exceeded"), "a; rate-limited"],
    ["an error", a + error("server_error"), "a; upstream-invalid"],
    ["a cut", a, "a; worker-lost"],
  ];
}

function ofBedrock(): Case[] {
  const bytes = (...events: [name: string, data: object][]) =>
    Buffer.concat(events.map(([name, data]) => Buffer.from(AWS_EVENT_STREAM.toBytes(data, name))));
  const a = bytes(
    ["messageStart", { role: "assistant" }],
    ["contentBlockDelta", { contentBlockIndex: 0, delta: { text: "a" } }],
  );
  const usage = { inputTokens: 5, outputTokens: 2, totalTokens: 7 };
  const end = (stopReason: string) =>
    bytes(["messageStop", { stopReason }], ["metadata", { usage, metrics: { latencyMs: 1 } }]);
  const thrown = (name: string) => bytes([name, { message: `No, ${KEY}.` }]);
  const both = (...parts: Uint8Array[]) => Buffer.concat(parts);
  return [
    ["an event of tomorrow", both(a, bytes(["future", { x: 1 }]), end("end_turn")), "a; stop"],
    ["a guardrail", both(a, end("guardrail_intervened")), "a; invalid-request"],
    ["a call that nobody can read", both(a, end("malformed_tool_use")), "a; upstream-invalid"],
    ["all that fits", both(a, end("model_context_window_exceeded")), "a; length"],
    ["a failure", both(a, thrown("modelStreamErrorException")), "a; upstream-invalid"],
    ["a limit", both(a, thrown("throttlingException")), "a; rate-limited"],
    ["a request that is none", both(a, thrown("validationException")), "a; invalid-request"],
    ["a cut", a, "a; worker-lost"],
  ];
}

const WIRES: [provider: ProviderName, model: string, cases: Case[]][] = [
  ["anthropic", "claude-sonnet-4-5", ofAnthropic()],
  ["google", "gemini-3-pro", ofGoogle()],
  ["cohere", "command-a", ofCohere()],
  ["openai-responses", "gpt-4o", ofResponses()],
  ["bedrock", "anthropic.claude-sonnet-4-5-v1:0", ofBedrock()],
];

async function run(provider: ProviderName, model: string, stream: string | Uint8Array) {
  const type =
    provider === "bedrock" ? AWS_EVENT_STREAM.contentType : "text/event-stream; charset=utf-8";
  const server = await startStandIn({
    handle: ({ response }) => void response.writeHead(200, { "content-type": type }).end(stream),
    toError: () => ({}),
  });
  const entry = modelEntrySchema.parse({
    ...{ name: "shown", provider, model, contextLength: 9_999, baseUrl: server.url },
    ...(provider === "bedrock" && { region: "eu-stand-1" }),
  });
  const credentials =
    provider === "bedrock" ? { accessKeyId: "AKIA", secretAccessKey: KEY } : { key: KEY };
  const models = [{ entry, credentials }];
  const backend = await createExternalBackend({
    source: { read: async () => ({ models, warnings: [], unusable: [] }), watch: () => undefined },
    ...{ only: [], slots: 1, log },
  });
  const request: GenerateRequest = {
    ...{ requestId: "r", model: "shown", messages: [textMessage("user", "Tell me.")] },
    ...{ sampling: {}, stop: [] },
  };
  let told = "";
  try {
    for await (const it of backend.generate(request, new AbortController().signal)) {
      if (it.type === "text-delta") told += it.text;
      if (it.type === "generation-end") told += `; ${it.finishReason}`;
    }
  } catch (thrown) {
    if (!isAppError(thrown)) throw thrown;
    for (let it: unknown = thrown; it instanceof Error; it = it.cause) {
      expect(it.message).not.toContain(KEY);
    }
    told += `; ${thrown.code}`;
  }
  await backend.close();
  await server.close();
  return told;
}

describe.each(WIRES)("%s", (provider, model, cases) => {
  test.each(cases)("%s", async (_, stream, outcome) => {
    expect(await run(provider, model, stream)).toBe(outcome);
  });
});
