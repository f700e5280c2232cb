import { describe, expect, test } from "vitest";
import { ChatTemplate } from "../text/chat-template";
import { addedTokenSchema, tokenizerConfigSchema } from "../text/tokenizer-schema";
import { detectAnswerFormat } from "./detect-answer-format";
import { parse, summarize } from "./testing";

const config = tokenizerConfigSchema.parse({});

/** A template that lists tools and writes calls, with a family's marks around them. */
const withMarks = (before: string, between = "", after = "") =>
  `{%- for t in tools or [] %}{{- t | tojson }}{%- endfor %}
{%- for m in messages %}{{- m.content }}
{%- for c in m.tool_calls or [] %}{{- '${before}' + c.function.name + '${between}' + (c.function.arguments | tojson) + '${after}' }}{%- endfor %}
{%- endfor %}`;

const detect = (source: string | undefined, special: string[] = [], plain: string[] = []) => {
  const tokens = [
    ...special.map((content) => ({ content, special: true })),
    ...plain.map((content) => ({ content, special: false })),
  ];
  return detectAnswerFormat({
    chatTemplate: new ChatTemplate(source, config),
    addedTokens: tokens.map((token, id) => addedTokenSchema.parse({ ...token, id })),
  });
};

describe("a model's format is read from its template", () => {
  test.each([
    ["hermes", withMarks('<tool_call>\\n{"name": "', '", "arguments": ', "}\\n</tool_call>")],
    ["qwen-coder", withMarks("<tool_call>\\n<function=", "<parameter=", "</tool_call>")],
    ["llama-3", `Environment: ipython ${withMarks('{"name": "', '", "parameters": ', "}")}`],
    ["llama-3", withMarks('<|python_tag|>{"name": "', '", "parameters": ', "}")],
    ["mistral", withMarks('[TOOL_CALLS] [{"name": "', '", "arguments": ', "}]")],
    ["mistral", withMarks("[TOOL_CALLS]", "[ARGS]")],
    ["deepseek", withMarks("<｜tool▁calls▁begin｜>function<｜tool▁sep｜>", "```json", "```")],
    ["deepseek", withMarks("<｜tool▁calls▁begin｜>", "<｜tool▁sep｜>")],
    ["marked-array", withMarks('<TOOLCALL>[{"name": "', '", "arguments": ', "}]</TOOLCALL>")],
    ["marked-array", withMarks('<tool_calls>[{"name": "', '", "arguments": ', "}]</tool_calls>")],
    ["marked-array", withMarks('<|tool_call|>[{"name": "', '", "arguments": ', "}]")],
  ])("%s", (name, source) => {
    const { format, toolText } = detect(source);
    expect(format.name).toBe(name);
    expect(toolText).toBeUndefined();
  });

  test("whoever writes calls in no form of ours is told ours", () => {
    const { format, toolText } = detect(withMarks("<tool_call>", "<arg_key>"));
    expect(format.name).toBe("json");
    expect(toolText?.writeCall("now", "{}")).toBe('{"name": "now", "arguments": {}}');
    expect(detect(undefined).format.name).toBe("json");
    expect(detect("{{ messages[0].content }}", ["<tool_call>"]).format.name).toBe("json");
  });

  test("a template that knows calls but lists no tools keeps its form, and tools are described", () => {
    const { format, toolText } = detect("{{ messages[0].content }}<tool_call>");
    expect(format.name).toBe("hermes");
    expect(toolText?.describeTools([{ name: "now" }])).toContain(
      '<tool_call>\n{"name": "function_name", "arguments": {"argument_name": "value"}}\n</tool_call>',
    );
  });
});

describe("reasoning", () => {
  test("is known from the template or the vocabulary, and begins where the prompt opens it", () => {
    const { reasoning, beginsInReasoning } = detect("<think></think>{{ messages[0].content }}");
    expect(reasoning).toEqual({ open: "<think>", close: "</think>" });
    expect(beginsInReasoning("user: <think> assistant: ")).toBe(false);
    expect(beginsInReasoning("assistant: <think>\n")).toBe(true);
    expect(beginsInReasoning("assistant: <think>\n\n</think>\n\n")).toBe(false);
    expect(detect("x", ["[THINK]", "[/THINK]"]).reasoning?.open).toBe("[THINK]");
    expect(detect("x", ["<think>"]).reasoning).toBeUndefined();
    expect(detect("x").beginsInReasoning("<think>")).toBe(false);
  });

  test("is parsed with the marks that were found", () => {
    const { format } = detect("x", ["[THINK]", "[/THINK]"]);
    expect(summarize(parse(format, ["[THINK]Hm.[/THINK]So."]))).toEqual([
      { reasoning: "Hm." },
      "So.",
    ]);
  });
});

test("control tokens of the format are spelled out, and no others", () => {
  const special = ["</s>", "[TOOL_CALLS]", "[ARGS]", "[THINK]", "[/THINK]"];
  const { spelledIds } = detect(withMarks("[TOOL_CALLS]", "[ARGS]"), special, ["[CALL_ID]"]);
  expect([...spelledIds]).toEqual([1, 2, 3, 4]);
});

test("a family that writes messages is known, with its reasoning", () => {
  const source = withMarks(
    "<|channel|>commentary to=functions.",
    " <|constrain|>json<|message|>",
    "<|call|><|channel|>analysis<|message|><|end|>",
  );
  const { format, reasoning } = detect(source, ["<|channel|>", "<|message|>", "<|end|>"]);
  expect(format.name).toBe("harmony");
  expect(reasoning?.open).toBe("<|channel|>analysis<|message|>");
});
