/** Goal: a family's template renders what the API's messages say. Method: ChatTemplate over FastChat's facts. */
import { describe, expect, test } from "vitest";
import { getTemplate } from "@/lib/adapters/known-template";
import { toConversation } from "@/lib/adapters/templates";
import { detectAnswerFormat } from "../answer/detect-answer-format";
import { type ChatMessage, ChatTemplate } from "./chat-template";

const template = (name: string) => new ChatTemplate(toConversation(getTemplate(name)), {});
const TALK: ChatMessage[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello." },
  { role: "user", content: "Bye" },
];

test("speakers, separators and an open turn are the family's", () => {
  expect(template("vicuna_v1.1").render(TALK)).toBe(
    "Be brief. USER: Hi ASSISTANT: Hello.</s>USER: Bye ASSISTANT:",
  );
  expect(template("llama-2").render(TALK)).toBe(
    "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello. </s><s>[INST] Bye [/INST]",
  );
  expect(template("vicuna_v1.1").render(TALK, { addGenerationPrompt: false })).toBe(
    "Be brief. USER: Hi ASSISTANT: Hello.</s>USER: Bye ",
  );
});

test("the family's own system message stands where a conversation brings none", () => {
  expect(template("koala_v1").render(TALK.slice(1, 2))).toBe(
    "BEGINNING OF CONVERSATION: USER: Hi GPT:",
  );
  const empty: ChatMessage[] = [{ role: "system", content: "" }, ...TALK.slice(1, 2)];
  expect(template("koala_v1").render(empty)).toBe(" USER: Hi GPT:");
});

test("what it has no place for is refused, and instructions for tools go to the user's words", () => {
  const gemma = template("gemma");
  expect(gemma.abilities).toMatchObject({ takesSystem: false, takesTools: false });
  expect(() => gemma.render(TALK)).toThrow("no place for a system message");
  const tools = [{ name: "clock", parameters: { type: "object" } as const, isStrict: false }];
  expect(() => gemma.render(TALK.slice(1), { tools })).toThrow("lists no tools");
  const { toolText } = detectAnswerFormat({ chatTemplate: gemma, addedTokens: [] });
  const spelled = gemma.render(TALK.slice(1), { tools, toolText });
  expect(spelled).toMatch(/^<bos><start_of_turn>user\nYou can call.*"clock".*Hi<end_of_turn>/s);
});

test("it is no neutral one, has no Jinja, and tells the family's stops", () => {
  const { isNeutral, source, stopStrings, family } = template("Robin");
  expect({ isNeutral, source, stopStrings }).toEqual({
    ...{ isNeutral: false, source: undefined, stopStrings: ["###"] },
  });
  expect(family?.stopTokenIds).toEqual([2, 396]);
});

describe("calls", () => {
  const formatOf = (name: string, ...tokens: string[]) =>
    detectAnswerFormat({
      chatTemplate: template(name),
      addedTokens: tokens.map((content, id) => ({ id, content, special: true })),
    });

  test.each([
    ["qwen-7b-chat", "<tool_call>", "hermes"],
    ["llama-3", "<|python_tag|>", "llama-3"],
    ["mistral", "[TOOL_CALLS]", "mistral"],
    ["qwen-7b-chat", "<|im_start|>", "json"],
    ["vicuna_v1.1", "<tool_call>", "json"],
  ])("of %s with %s are written as %s", (name, token, format) => {
    const found = formatOf(name, token);
    expect(found.format.name).toBe(format);
    // The template lists none, so they are told in words.
    expect(found.toolText).toBeDefined();
  });

  test("reasoning is known by the vocabulary", () => {
    expect(formatOf("qwen-7b-chat", "<think>", "</think>").reasoning?.open).toBe("<think>");
  });
});
