/**
 * Goal: no request that a route takes is one that the document forbids, and most that it refuses the
 * document forbids, too. Method: rich bodies lose, gain and change keys, drawn by a seed; what the route's
 * own schema says of them is compared with ajv over the document's. What only code can say, such as that
 * one field contradicts another, the document cannot forbid.
 */
import Ajv2020 from "ajv/dist/2020";
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { FIELD_NOTES } from "./field-notes";
import { OPERATIONS } from "./operations";
import { toRequestSchema } from "./request-schema";

const schema = { type: "object", properties: { a: { type: "integer" } } };
const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
const sampling = {
  ...{ model: "m", temperature: 0.5, top_p: 0.5, top_k: 3, min_p: 0.1, seed: 7, n: 2 },
  ...{ presence_penalty: 1, frequency_penalty: -1, repetition_penalty: 1.1 },
  ...{ logit_bias: { "5": 1 }, stop: ["x", "y"], stop_token_ids: [3], min_tokens: 1 },
  ...{ ignore_eos: false, stream: true, stream_options: { include_usage: true } },
};
const cache_control = { type: "ephemeral", ttl: "5m" };

const BODIES: Record<string, unknown> = {
  ChatCompletionRequest: {
    ...sampling,
    messages: [
      { role: "system", content: "s" },
      { role: "user", content: [{ type: "text", text: "hi", cache_control }], name: "Ann" },
      { role: "assistant", content: null, tool_calls: [call], reasoning_content: "hm" },
      { role: "assistant", content: "a", annotations: [], thinking_blocks: null, parsed: {} },
      { role: "tool", content: "5", tool_call_id: "c1", name: "f" },
    ],
    ...{ max_tokens: 9, max_completion_tokens: 9, logprobs: true, top_logprobs: 2 },
    tools: [
      {
        type: "function",
        cache_control,
        function: { name: "f", parameters: schema, strict: true },
      },
    ],
    tool_choice: { type: "function", function: { name: "f" } },
    response_format: { type: "json_schema", json_schema: { name: "x", schema } },
    ...{ metadata: { a: "b" }, store: false, service_tier: "auto", modalities: ["text"] },
  },
  CompletionRequest: {
    ...{ ...sampling, prompt: ["a", "b"], max_tokens: 5, echo: true, logprobs: 2, user: "u" },
    structured_outputs: { choice: ["a", "b"] },
  },
  MessageRequest: {
    ...{ model: "m", max_tokens: 4_000, stream: true, temperature: 0.5, top_p: 0.5, top_k: 3 },
    ...{ stop_sequences: ["x"], metadata: { user_id: "u" }, service_tier: "auto", cache_control },
    system: [{ type: "text", text: "s", cache_control }],
    messages: [
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "" },
          { type: "text", text: "t", citations: null },
          { type: "tool_use", id: "c1", name: "f", input: { a: 1 }, caller: { type: "direct" } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: [{ type: "text", text: "5" }] },
          { type: "text", text: "well?" },
        ],
      },
    ],
    tools: [{ name: "f", description: "d", input_schema: schema, strict: true, cache_control }],
    tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
    thinking: { type: "adaptive", display: "omitted" },
    output_config: { effort: "high", format: { type: "json_schema", schema } },
  },
  ResponseRequest: {
    ...{ model: "m", instructions: "be brief", temperature: 0.5, top_k: 3, seed: 7 },
    input: [
      { role: "user", content: [{ type: "input_text", text: "hi" }] },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "hm" }] },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}", status: "completed" },
      { type: "function_call_output", call_id: "c1", output: "5" },
      { role: "assistant", content: [{ type: "output_text", text: "5", annotations: [] }] },
    ],
    ...{ max_output_tokens: 9, store: true, metadata: { a: "b" }, user: "u", top_logprobs: 2 },
    ...{ include: ["message.output_text.logprobs"], truncation: "disabled" },
    tools: [{ type: "function", name: "f", parameters: schema, strict: true }],
    tool_choice: { type: "function", name: "f" },
    text: { format: { type: "json_schema", name: "x", schema } },
    reasoning: { effort: "low", summary: "auto" },
  },
  TokenizeRequest: {
    ...{ model: "m", messages: [{ role: "user", content: "hi" }], add_generation_prompt: true },
    ...{ return_token_strs: true, reasoning_effort: "low" },
  },
  ModerationRequest: {
    model: "m",
    input: [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ],
  },
  FeedbackRequest: {
    ...{ id: `chatcmpl-${"0".repeat(32)}`, score: "up", comment: "good", tags: ["a", "b"] },
  },
  EmbeddingsRequest: {
    ...{ model: "m", input: ["a", "b"], encoding_format: "base64", user: "u", overflow: "average" },
  },
  RerankRequest: {
    ...{ model: "m", query: "q", documents: ["a", { text: "b" }], top_n: 1 },
    return_documents: true,
  },
};

const ODD = [
  ...[null, true, false, 0, -1, 0.5, 1e300, "", "x", "auto", "none", "constructor", [], [[]], {}],
  ...[[null], ["x"], [1], { type: "text" }, { type: "image" }, { type: "text", text: "x" }],
  ...["text", "tool_use", "assistant", "user", "system", "tool", [{ type: "text", text: "x" }]],
];
const NAMES = ["colour", "type", "role", "content", "name", "tool_calls", "tool_call_id", "text"];

const seed = Math.floor(Math.random() * 2 ** 31);
const random = seededRandom(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

type Holder = Record<string, unknown>;
function holders(value: unknown): Holder[] {
  if (typeof value !== "object" || value === null) return [];
  return [value as Holder, ...Object.values(value).flatMap(holders)];
}

function spoil(body: unknown): void {
  const holder = pick(holders(body).filter((it) => Object.keys(it).length > 0));
  const key = pick(Object.keys(holder));
  const how = random();
  if (how < 0.3 && !Array.isArray(holder)) delete holder[key];
  else if (how < 0.45) holder[pick(NAMES)] = structuredClone(pick(ODD));
  else holder[key] = structuredClone(pick(ODD));
}

const requests = OPERATIONS.flatMap(({ request }) => request ?? []);
const ajv = new Ajv2020({ strict: false });

describe(`by seed ${seed}`, () => {
  test.each(Object.entries(BODIES))("%s", (name, good) => {
    const request = requests.find((it) => it.name === name);
    if (!request) throw new Error(`no operation takes ${name}`);
    const told = ajv.compile(toRequestSchema(request, FIELD_NOTES));
    expect(request.schema.safeParse(good).error).toBeUndefined();
    let takenCount = 0;
    let refusedCount = 0;
    let forbiddenCount = 0;
    for (let round = 0; round < 600; round++) {
      const body = structuredClone(good);
      for (let times = 1 + Math.floor(random() * 2); times > 0; times--) spoil(body);
      const isTaken = request.schema.safeParse(body).success;
      const isTold = told(body);
      if (isTaken) {
        takenCount++;
        expect(isTold || told.errors, JSON.stringify(body)).toBe(true);
      } else {
        refusedCount++;
        if (!isTold) forbiddenCount++;
      }
    }
    expect(takenCount).toBeGreaterThan(20);
    expect(forbiddenCount / refusedCount).toBeGreaterThan(0.85);
  });
});
