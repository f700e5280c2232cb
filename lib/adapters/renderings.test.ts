/**
 * Goal: each of FastChat's templates makes the prompts that FastChat makes of it. Method: four conversations
 * by the 101 templates that have a style, recorded in `__fixtures__/renderings.json` from FastChat's own
 * `get_prompt` over the facts that stand in this folder (docs/decisions/0051), and formats that families
 * have published themselves.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ADAPTERS, OWN_ADAPTERS } from "./adapters";
import { getTemplate, PROMPT_TEMPLATE_NAMES } from "./known-template";
import { renderPrompt } from "./render-prompt";
import { fillTemplate, parseSample } from "./sample-conversation";
import { findTemplate, isForPrompts, TEMPLATES, toConversation } from "./templates";

type Recorded = {
  talks: { system: string | null; turns: string[] }[];
  prompts: Record<string, string[]>;
};
const RECORDED: Recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, "__fixtures__/renderings.json"), "utf8"),
);

function render(name: string, { system, turns }: Recorded["talks"][number]): string {
  const facts = findTemplate(name);
  if (!facts) throw new Error(`There is no template ${name}.`);
  const messages = [
    ...(system === null ? [] : [{ role: "system", content: system }]),
    ...turns.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content })),
  ];
  const sample = parseSample(JSON.stringify(messages));
  return renderPrompt(fillTemplate(toConversation(facts), sample));
}

const STYLED = TEMPLATES.filter(({ style }) => style !== undefined);

test("every template with a style is recorded, and no other", () => {
  expect(TEMPLATES).toHaveLength(102);
  expect(STYLED.map(({ name }) => name).toSorted()).toEqual(Object.keys(RECORDED.prompts).sort());
});

test.each(STYLED.map(({ name }) => name))("%s renders as it was recorded", (name) => {
  expect(RECORDED.talks.map((talk) => render(name, talk))).toEqual(RECORDED.prompts[name]);
});

describe("formats that families published", () => {
  const talk = { system: "S", turns: ["Hi", "Hello", "Bye"] };

  test.each([
    [
      "zephyr",
      "<|system|>\nS</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello</s>\n<|user|>\nBye</s>\n<|assistant|>\n",
    ],
    [
      "qwen-7b-chat",
      "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n",
    ],
    [
      "llama-3",
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ],
    // The beginning token before it is the tokenizer's.
    ["llama-2", "[INST] <<SYS>>\nS\n<</SYS>>\n\nHi [/INST] Hello </s><s>[INST] Bye [/INST]"],
    ["vicuna_v1.1", "S USER: Hi ASSISTANT: Hello</s>USER: Bye ASSISTANT:"],
    [
      "openchat_3.5",
      "S<|end_of_turn|>GPT4 Correct User: Hi<|end_of_turn|>GPT4 Correct Assistant: Hello<|end_of_turn|>GPT4 Correct User: Bye<|end_of_turn|>GPT4 Correct Assistant:",
    ],
    [
      "gemma",
      "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n",
    ],
    ["solar", "S\n\n### User\nHi\n\n### Assistant\nHello\n\n### User\nBye\n\n### Assistant\n"],
    ["chatglm2", "S\n\n[Round 1]\n\n问：Hi\n\n答：Hello\n\n[Round 2]\n\n问：Bye\n\n答："],
  ])("%s", (name, prompt) => {
    expect(render(name, talk)).toBe(prompt);
  });
});

describe("names of templates", () => {
  test("are FastChat's, whatever their capitals, and families' own", () => {
    expect(getTemplate("YI-34B-chat").name).toBe("Yi-34b-chat");
    expect(getTemplate("openbuddy").name).toBe("openbuddy");
    expect(getTemplate("guanaco").name).toBe("zero_shot");
    expect(PROMPT_TEMPLATE_NAMES).toContain("chatglm3");
    expect(PROMPT_TEMPLATE_NAMES).not.toContain("chatgpt");
  });

  test.each(["nope", "chatgpt", "yandexgpt", "bge", "pythia"])("%s is refused", (name) => {
    expect(() => getTemplate(name)).toThrow(/no conversation template|transcript for a service/);
  });

  test("every adapter's templates are there", () => {
    for (const { templates } of [...ADAPTERS, ...OWN_ADAPTERS]) {
      for (const [, name] of templates) expect(findTemplate(name)?.name, name).toBe(name);
    }
  });

  test("a template for prompts tells what ends an answer where its turns do not", () => {
    const silent = TEMPLATES.filter(isForPrompts).filter((it) => {
      const ends = [it.separator, it.separator2].some((text) => text && text.trim() !== "");
      return !ends && !it.stop && !it.stopIds;
    });
    // The models' own end token is all they have.
    expect(silent.map(({ name }) => name).sort()).toEqual([
      ...["baichuan-chat", "baichuan2-chat", "chatglm", "chatglm2", "claude", "openbuddy"],
      ...["phind", "polyglot_changgpt", "raw", "stable-vicuna", "tulu"],
    ]);
  });
});

describe("conversations from elsewhere", () => {
  test("FastChat's own record says which template, which system message and which turns", () => {
    const sample = parseSample(
      JSON.stringify({
        ...{ template_name: "one_shot", system_message: "Q and A.", roles: ["Human", "Assistant"] },
        messages: [
          ["Human", "example?"],
          ["Assistant", "example."],
          ["Human", "Hi"],
          ["Assistant", null],
        ],
        offset: 2,
      }),
    );
    expect(sample.template).toBe("one_shot");
    const filled = fillTemplate(toConversation(getTemplate("one_shot")), sample);
    expect(renderPrompt(filled)).toBe(
      "Q and A.\n### Human: example?\n### Assistant: example.\n### Human: Hi\n### Assistant:",
    );
  });

  test("a last turn of the assistant's is not followed by another one", () => {
    const sample = parseSample(
      '[{"role":"user","content":"Hi"},{"role":"assistant","content":null}]',
    );
    const filled = fillTemplate(toConversation(getTemplate("koala_v1")), sample);
    expect(renderPrompt(filled)).toBe("BEGINNING OF CONVERSATION: USER: Hi GPT:");
  });

  test.each([
    ["{", "not valid JSON"],
    ["[]", "something else"],
    ['[{"role":"tool","content":"x"}]', "messages.0.role"],
    ['{"messages":[{"role":"user","content":[]}]}', "messages.0.content"],
  ])("%s is refused", (text, reason) => {
    expect(() => parseSample(text)).toThrow(reason);
  });
});
