/**
 * Goal: every field of Anthropic's request has an answer of ours, and none that matters is ignored.
 * Method: the tables are held to the types of the official package; each row is tried with values that
 * ask for nothing and values that ask for something.
 */
import type {
  ContentBlockParam,
  MessageCountTokensParams,
  MessageCreateParams,
  ToolResultBlockParam,
} from "@anthropic-ai/sdk/resources/messages";
import { describe, expect, test } from "vitest";
import { toBodyError } from "@/lib/http/describe-issue";
import { generateRequestSchema } from "@/lib/protocol/generate-request";
import type { Message } from "@/lib/protocol/message";
import { tokenizeRequestSchema } from "@/lib/protocol/text";
import type { FieldRule } from "@/lib/util/field-rule";
import { type BLOCKS, BLOCKS_NOT_OFFERED, RESULT_BLOCKS_NOT_OFFERED } from "./blocks";
import { countTokensSchema, toCountedMessages, toTokenizeRequest } from "./count-tokens";
import { BETA_FIELDS, COUNT_FIELDS, EARLIER_FIELDS, MESSAGE_FIELDS } from "./fields";
import { messageRequestSchema, toGenerateRequest, toGivenMessages } from "./request";
import { toThinkingDisplay } from "./thinking";

type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : never) : never;
// Each fails to compile when the package knows a name that has no row, or a row has no name in it.
const everyField: Same<keyof MessageCreateParams, keyof typeof MESSAGE_FIELDS> = true;
const everyCountField: Same<keyof MessageCountTokensParams, keyof typeof COUNT_FIELDS> = true;
const everyBlock: Same<
  ContentBlockParam["type"],
  keyof typeof BLOCKS | (typeof BLOCKS_NOT_OFFERED)[number]
> = true;
type ResultBlock = Exclude<ToolResultBlockParam["content"], string | undefined>[number];
const everyResultBlock: Same<
  ResultBlock["type"],
  "text" | "image" | (typeof RESULT_BLOCKS_NOT_OFFERED)[number]
> = true;

const user = (content: unknown) => ({ role: "user", content });
const base = { model: "m", messages: [user("hi")], max_tokens: 9_999 };
const schema = { type: "object", properties: { a: { type: "integer" } } };
const tool = { name: "f", input_schema: schema };
const format = { type: "json_schema", schema };
const ephemeral = { type: "ephemeral", ttl: "1h" };

function parse(more: Record<string, unknown>) {
  const parsed = messageRequestSchema.safeParse({ ...base, ...more }, { reportInput: true });
  if (!parsed.success) return { error: toBodyError(parsed.error) };
  const request = toGenerateRequest(parsed.data, {
    messages: toGivenMessages(parsed.data) as Message[],
    requestId: "r",
  });
  // What goes to a worker is always what a worker takes.
  expect(generateRequestSchema.safeParse(request).error).toBeUndefined();
  return { request, body: parsed.data };
}

type Row = { taken: unknown[]; refused: unknown[] };
/** For each field: values that are taken, and values that are refused as asking for what is not offered. */
type Name = keyof (typeof MESSAGE_FIELDS & typeof EARLIER_FIELDS & typeof BETA_FIELDS);
const MATRIX: Record<Name, Row> = {
  model: { taken: ["m", "a/b"], refused: [] },
  messages: { taken: [base.messages, [user([{ type: "text", text: "x" }])]], refused: [] },
  max_tokens: { taken: [0, 1, 100_000], refused: [] },
  system: { taken: ["", "s", [], [{ type: "text", text: "s" }]], refused: [] },
  stop_sequences: { taken: [[], ["x", "y"]], refused: [] },
  stream: { taken: [true, false], refused: [] },
  tools: { taken: [[], [tool], [{ ...tool, type: "custom", strict: true }]], refused: [] },
  tool_choice: { taken: [{ type: "auto" }, { type: "none" }], refused: [] },
  thinking: {
    taken: [
      ...[{ type: "disabled" }, { type: "adaptive" }, { type: "adaptive", display: "omitted" }],
      { type: "enabled", budget_tokens: 1_024, display: "summarized" },
    ],
    refused: [],
  },
  output_config: {
    taken: [{}, { format }, { effort: "high", format: null }, { effort: "max" }],
    refused: [],
  },
  output_format: { taken: [format], refused: [] },
  temperature: { taken: [0, 0.5, 1], refused: [] },
  top_k: { taken: [0, 5], refused: [] },
  top_p: { taken: [0, 0.5, 1], refused: [] },
  cache_control: { taken: [ephemeral], refused: [] },
  metadata: { taken: [{}, { user_id: "u" }, { user_id: null }], refused: [] },
  service_tier: { taken: ["auto", "standard_only"], refused: [] },
  user_profile_id: { taken: ["u"], refused: [] },
  workspace_id: { taken: ["w"], refused: [] },
  container: { taken: [], refused: ["c", { skills: [] }] },
  diagnostics: { taken: [], refused: [{}, { previous_message_id: "m" }] },
  inference_geo: { taken: [], refused: ["us"] },
  speed: { taken: ["standard"], refused: ["fast"] },
  thread: { taken: [], refused: [{ type: "create" }] },
};

const NEEDED = ["model", "messages", "max_tokens"];

describe("every field", () => {
  test("has a row", () => {
    expect([everyField, everyCountField, everyBlock, everyResultBlock]).toEqual(
      Array(4).fill(true),
    );
  });

  test.each(Object.entries(MATRIX))("%s", (name, { taken, refused }) => {
    const rules: Record<string, FieldRule> = {
      ...{ ...MESSAGE_FIELDS, ...EARLIER_FIELDS, ...BETA_FIELDS },
    };
    for (const value of taken) {
      expect(parse({ [name]: value }).error?.message, JSON.stringify(value)).toBeUndefined();
      if (rules[name]?.rule === "read") continue;
      expect(parse({ [name]: value }).request).toEqual(parse({}).request);
    }
    for (const value of refused) {
      const { error } = parse({ [name]: value });
      expect(error, JSON.stringify(value)).toMatchObject({
        ...{ code: "unsupported-parameter", param: name },
      });
      expect(error?.message).toMatch(/^`\w+` is not supported by this server\. .+\.$/);
    }
    if (!NEEDED.includes(name)) {
      expect(parse({ [name]: null }).request).toEqual(parse({}).request);
    }
  });

  test.each(Object.keys(COUNT_FIELDS))("%s, where tokens are counted", (name) => {
    const { max_tokens: _, ...body } = base;
    for (const value of MATRIX[name as keyof typeof COUNT_FIELDS].taken) {
      const parsed = countTokensSchema.safeParse({ ...body, [name]: value });
      expect(parsed.error).toBeUndefined();
      const request = toTokenizeRequest(parsed.data!, toCountedMessages(parsed.data!) as Message[]);
      expect(tokenizeRequestSchema.safeParse(request).error).toBeUndefined();
    }
  });
});

test("what is read reaches the worker under our names", () => {
  const { request } = parse({
    ...{ system: [{ type: "text", text: "s", cache_control: ephemeral }], temperature: 0.5 },
    ...{ top_k: 3, top_p: 0, stop_sequences: ["end"], max_tokens: 5 },
    ...{ tools: [{ ...tool, description: "d", strict: true, cache_control: ephemeral }] },
    tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
    output_config: { format },
  });
  expect(request).toEqual({
    ...{
      requestId: "r",
      model: "m",
      maxTokens: 5,
      stop: ["end"],
      splitReasoning: true,
      thinking: "off",
    },
    sampling: { temperature: 0.5, topK: 3, topP: 1e-6 },
    messages: [
      { role: "system", content: [{ type: "text", text: "s" }] },
      { role: "user", content: [{ type: "text", text: "hi" }] },
    ],
    grammar: { type: "json-schema", schema },
    toolRequest: {
      tools: [{ name: "f", description: "d", parameters: schema, isStrict: true }],
      ...{ choice: { name: "f" }, isParallel: false },
    },
  });
});

test("a choice of tools is said in our words", () => {
  const choose = (tool_choice: object) =>
    parse({ tools: [tool], tool_choice }).request?.toolRequest;
  expect(choose({ type: "any" })).toMatchObject({ choice: "required", isParallel: true });
  expect(choose({ type: "none" })).toMatchObject({ choice: "none" });
  expect(choose({ type: "auto", disable_parallel_tool_use: true })).toMatchObject({
    ...{ choice: "auto", isParallel: false },
  });
  expect(parse({ tools: [] }).request?.toolRequest).toBeUndefined();
});

describe("a conversation", () => {
  const text = (it: string) => ({ type: "text", text: it });
  const call = { type: "tool_use", id: "c1", name: "f", input: { a: 1 } };
  const result = (more: object) => ({ type: "tool_result", tool_use_id: "c1", ...more });

  test("with calls has their results as messages of their own, and no reasoning", () => {
    const { request } = parse({
      messages: [
        user([{ ...text("one"), cache_control: ephemeral }, text(" two")]),
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "" },
            { type: "redacted_thinking", data: "x" },
            { ...text("I ask"), citations: null },
            { ...call, caller: { type: "direct" } },
            { ...call, id: "c2", input: {} },
          ],
        },
        user([
          result({ content: "5", cache_control: ephemeral }),
          { ...result({ content: [text("gone"), text("!")], is_error: true }), tool_use_id: "c2" },
          text("Well?"),
        ]),
      ],
    });
    expect(request?.messages).toEqual([
      { role: "user", content: [text("one"), text(" two")] },
      {
        ...{ role: "assistant", content: [text("I ask")] },
        toolCalls: [
          { id: "c1", name: "f", arguments: '{"a":1}' },
          { id: "c2", name: "f", arguments: "{}" },
        ],
      },
      { role: "tool", toolCallId: "c1", content: [text("5")] },
      { role: "tool", toolCallId: "c2", content: [text("Error: "), text("gone"), text("!")] },
      user([text("Well?")]),
    ]);
  });

  test("joins turns of one role, and those of the system with its prompt", () => {
    const { request } = parse({
      system: "s",
      messages: [
        { role: "system", content: "t" },
        ...[user("a"), user("b"), { role: "assistant", content: [] }],
        { role: "assistant", content: "c" },
        ...[user(""), user("d")],
      ],
    });
    expect(
      request?.messages.map(({ role, content }) => [
        role,
        content.map((it) => (it.type === "text" ? it.text : it)),
      ]),
    ).toEqual([
      ["system", ["s", "\n\n", "t"]],
      ["user", ["a", "\n\n", "b"]],
      ["assistant", ["", "c"]],
      ["user", ["", "d"]],
    ]);
  });

  test("keeps a call that said nothing, and a result that is nothing", () => {
    const { request } = parse({
      messages: [user("x"), { role: "assistant", content: [call] }, user([result({})])],
    });
    expect(request?.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content: [],
        toolCalls: [{ id: "c1", name: "f", arguments: '{"a":1}' }],
      },
      { role: "tool", toolCallId: "c1", content: [text("")] },
    ]);
  });

  test.each(BLOCKS_NOT_OFFERED)("with %s is refused by its name", (type) => {
    expect(parse({ messages: [user([{ type }])] }).error).toMatchObject({
      ...{ code: "unsupported-parameter", param: "messages.0.content.0.type" },
      message: expect.stringContaining(`"${type}"`),
    });
  });

  test.each(RESULT_BLOCKS_NOT_OFFERED)("with %s in a result is refused by its name", (type) => {
    const messages = [
      ...[user("x"), { role: "assistant", content: [call] }],
      user([result({ content: [{ type }] })]),
    ];
    expect(parse({ messages }).error).toMatchObject({
      ...{ code: "unsupported-parameter", param: "messages.2.content.0.content.0.type" },
    });
  });

  test("that ends with an assistant's words is not gone on with", () => {
    const messages = [user("x"), { role: "assistant", content: "The answer is (" }];
    expect(parse({ messages }).error).toMatchObject({
      ...{ code: "unsupported-parameter", param: "messages.1.role" },
    });
  });
});

test.each([
  [undefined, "hidden"],
  [{ type: "disabled" }, "hidden"],
  [{ type: "adaptive" }, "shown"],
  [{ type: "adaptive", display: "omitted" }, "omitted"],
  [{ type: "enabled", budget_tokens: 2_000, display: null }, "shown"],
])("thinking %j is %s", (thinking, display) => {
  expect(toThinkingDisplay(parse({ thinking }).body?.thinking)).toBe(display);
});

test("an effort and the wish to think reach the model", () => {
  const ask = (more: Record<string, unknown>) => parse(more).request;
  expect(ask({})).toMatchObject({ thinking: "off" });
  expect(ask({ output_config: { effort: "high" } })).not.toHaveProperty("reasoningEffort");
  expect(ask({ thinking: { type: "adaptive" }, output_config: { effort: "low" } })).toMatchObject({
    ...{ thinking: "on", reasoningEffort: "low" },
  });
});
