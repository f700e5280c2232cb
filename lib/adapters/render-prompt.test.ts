/**
 * Goal: a conversation becomes the prompt that FastChat's own `get_prompt` makes of it. Method: one line a
 * separator style, each worked out by hand from fastchat/conversation.py; the templates that FastChat
 * registers were compared with it by a script (docs/decisions/0032).
 */
import { describe, expect, test } from "vitest";
import { VICUNA_RECORD as VICUNA } from "./__fixtures__/vicuna-record";
import { conversationSchema } from "./conversation-record";
import { renderPrompt } from "./render-prompt";
import { SEPARATOR_STYLES, type SeparatorStyle } from "./separator-style";

const template = (style: SeparatorStyle, more: Record<string, unknown> = {}) =>
  conversationSchema.parse({
    ...VICUNA,
    ...{ name: "own", system_message: "S", roles: ["U", "A"], sep: "|", sep2: "#" },
    ...{ sep_style: SEPARATOR_STYLES.indexOf(style) + 1, ...more },
  });

/** Two questions, of which the second is open. */
function render(style: SeparatorStyle, more: Record<string, unknown> = {}): string {
  const conversation = template(style, more);
  const [user, assistant] = conversation.roles;
  const turns = [
    ...conversation.turns,
    { role: user, text: " one\n\ntwo " },
    { role: assistant, text: "yes" },
    { role: user, text: "more" },
    { role: assistant, text: "" },
  ];
  return renderPrompt({ ...conversation, turns });
}

const ONE = " one\n\ntwo ";

test.each<[SeparatorStyle, string]>([
  ["add-colon-single", `S|U: ${ONE}|A: yes|U: more|A:`],
  ["add-colon-two", `S|U: ${ONE}|A: yes#U: more|A:`],
  ["add-colon-space-single", `S|U: ${ONE}|A: yes|U: more|A: `],
  ["no-colon-single", `SU${ONE}|Ayes|Umore|A`],
  ["no-colon-two", `SU${ONE}|Ayes#Umore|A`],
  ["add-new-line-single", `S|U\n${ONE}|A\nyes|U\nmore|A\n`],
  ["llama2", `S${ONE} A yes#U more|A`],
  [
    "llama3",
    "<|begin_of_text|>S<|start_header_id|>U<|end_header_id|>\n\none\n\ntwo<|eot_id|><|start_header_id|>A<|end_header_id|>\n\nyes<|eot_id|><|start_header_id|>U<|end_header_id|>\n\nmore<|eot_id|><|start_header_id|>A<|end_header_id|>\n\n",
  ],
  ["chatglm", `S|[Round 0]|U：${ONE}|A：yes|[Round 1]|U：more|A：`],
  ["chatml", `S|\nU\n${ONE}|\nA\nyes|\nU\nmore|\nA\n`],
  ["chatintern", `S<s>U:${ONE}|\nA:yes#\n<s>U:more|\nA:`],
  ["dolly", `SU:\n${ONE}|A:\nyes#\n\nU:\nmore|A:\n`],
  ["rwkv", "SU:  one\ntwo \n\nA: yes\n\nU: more\n\nA:"],
  ["phoenix", `SU: <s>${ONE}</s>A: <s>yes</s>U: <s>more</s>A: <s>`],
  ["robin", `S|U:\n${ONE}|A:\nyes|U:\nmore|A:\n`],
  ["falcon-chat", `S|U: ${ONE}|A: yes|U: more|A:`],
  ["chatglm3", `SU\n${ONE}A\nyesU\nmoreA`],
  ["deepseek-chat", `SU: ${ONE}|A: yes#U: more|A:`],
  ["metamath", `S|U:\n${ONE}|A: #yesU:\nmore|A: #`],
  ["yuan2", `S#${ONE}<n>yes<n>more|`],
  [
    "gemma",
    `<bos><start_of_turn>U\n${ONE}|<start_of_turn>A\nyes|<start_of_turn>U\nmore|<start_of_turn>A\n`,
  ],
  ["cllm", "S|U: more|A:"],
  ["default", `S\nU: ${ONE}\nA: yes\nU: more\nA:`],
])("%s", (style, prompt) => {
  expect(render(style)).toBe(prompt);
});

test("every style has a line of its own above", () => {
  expect(SEPARATOR_STYLES).toHaveLength(23);
});

describe("what a template says besides", () => {
  test("an empty system part leaves its separator out, where FastChat does", () => {
    const none = { system_message: "" };
    expect(render("chatml", none)).toMatch(/^U\n/);
    expect(render("add-new-line-single", none)).toMatch(/^U\n/);
    expect(render("llama2", none)).toBe(`[INST] ${ONE} A yes#U more|A`);
    expect(render("llama3", none)).toMatch(/^<\|begin_of_text\|><\|start/);
    expect(render("falcon-chat", none)).toMatch(/^U: /);
    expect(render("add-colon-two", none)).toMatch(/^\|U: /);
  });

  test("chatglm2 counts from one", () => {
    expect(render("chatglm", { name: "chatglm2" })).toContain("[Round 1]|U");
  });

  test("the system part is filled as Python's format does", () => {
    const system_template = "<<{{x}} {system_message}>>";
    expect(render("no-colon-single", { system_template })).toMatch(/^<<\{x\} S>>U/);
    expect(() => render("no-colon-single", { system_template: "{other}" })).toThrow("system part");
  });

  test("examples stand before the conversation", () => {
    const messages = [
      ["U", "example?"],
      ["A", "example."],
    ];
    expect(render("add-colon-two", { messages })).toMatch(/^S\|U: example\?\|A: example\.#U: /);
  });
});

describe("a style's number", () => {
  const old = { ...VICUNA, roles: ["U", "A"] } as Record<string, unknown>;
  delete old.max_image_size_mb;
  delete old.system_message_vision;

  test.each([
    // Of 0.2.36, which has no llama3, and of what came later.
    ["qwen-7b-chat", 9, old, "chatml"],
    ["qwen-7b-chat", 10, VICUNA, "chatml"],
    ["chatglm3", 16, old, "chatglm3"],
    ["chatglm3", 17, VICUNA, "chatglm3"],
    // A name of FastChat's that was in use before a field of the record was.
    ["llama-3", 8, old, "llama3"],
    ["own", 8, old, "chatglm"],
    ["own", 8, VICUNA, "llama3"],
    ["own", 19, old, "yuan2"],
    ["own", 23, VICUNA, "default"],
    // Registered anew under a known name.
    ["gemma", 4, VICUNA, "no-colon-single"],
  ])("of %s, %i", (name, sep_style, record, style) => {
    expect(conversationSchema.parse({ ...record, name, sep_style }).style).toBe(style);
  });

  test("that FastChat never had is refused", () => {
    expect(() => conversationSchema.parse({ ...VICUNA, sep_style: 24 })).toThrow("style 24");
    expect(() => conversationSchema.parse({ ...VICUNA, sep_style: 0 })).toThrow("style 0");
  });
});
