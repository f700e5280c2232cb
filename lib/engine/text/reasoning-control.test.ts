import { describe, expect, test } from "vitest";
import { ChatTemplate } from "./chat-template";
import { REASONING_EFFORTS, type ReasoningEffort, toReasoningVariables } from "./reasoning-control";
import { tokenizerConfigSchema } from "./tokenizer-schema";

/** The ways in which templates on the hub tell their models how much to reason, each in its own words. */
const TURNS = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]";
const TEMPLATES = {
  none: TURNS,
  /** As Qwen3's: an empty block of reasoning is written where none is wanted. */
  switched: `${TURNS}{% if enable_thinking is defined and enable_thinking is false %}<think></think>{% endif %}`,
  /** As DeepSeek's and Granite's: reasoning is to be asked for. */
  asked: `${TURNS}{% if thinking is defined and thinking %}<think>{% else %}</think>{% endif %}`,
  /** As gpt-oss's: any word goes into the prompt. */
  worded: `{% if reasoning_effort is not defined %}{% set reasoning_effort = "medium" %}{% endif %}Reasoning: {{ reasoning_effort }}${TURNS}`,
  /** Two words are taken and others refused. */
  strict: `{% set effort = reasoning_effort if reasoning_effort is defined else "none" %}{% if effort not in ["none", "high"] %}{{ raise_exception("none or high") }}{% endif %}<{{ effort }}>${TURNS}`,
  /** Three words are known, and any other is the middle one. */
  lenient: `{% if reasoning_effort == "low" %}<1>{% elif reasoning_effort == "high" %}<3>{% else %}<2>{% endif %}${TURNS}`,
  /** A switch, and levels beside it. */
  both: `${TURNS}{% if enable_thinking is false %}<off>{% elif reasoning_effort == "max" %}<max>{% elif reasoning_effort == "high" %}<high>{% endif %}`,
  /** It refuses whatever the probe tries. */
  refusing: "{{ raise_exception('no') }}",
};
const config = tokenizerConfigSchema.parse({});
const template = (name: keyof typeof TEMPLATES) => new ChatTemplate(TEMPLATES[name], config);

test.each<[keyof typeof TEMPLATES, string | undefined, ReasoningEffort[]]>([
  ["none", undefined, []],
  ["switched", "enable_thinking", []],
  ["asked", "thinking", []],
  ["worded", undefined, ["low", "medium", "high"]],
  ["strict", undefined, ["none", "high"]],
  ["lenient", undefined, ["low", "medium", "high"]],
  ["both", "enable_thinking", ["medium", "high", "max"]],
  ["refusing", undefined, []],
])("of the template %s the switch is %s and the levels %j", (name, switchName, levels) => {
  expect(template(name).reasoning).toEqual({ switchName, levels });
});

test("a model without a template has nothing to be told by", () => {
  expect(new ChatTemplate(undefined, config).reasoning).toEqual({
    switchName: undefined,
    levels: [],
  });
});

describe("an effort", () => {
  /** The frame that the template puts around a question, or what the caller is told. */
  const ask = (
    name: keyof typeof TEMPLATES,
    wish: Parameters<typeof toReasoningVariables>[0],
    isReasoner = true,
  ) => {
    const it = template(name);
    try {
      const variables = toReasoningVariables(wish, it.reasoning, isReasoner);
      return it.render([{ role: "user", content: "Hi" }], { variables });
    } catch (error) {
      return error;
    }
  };
  const turns = "[user]Hi[assistant]";
  const cannot = expect.objectContaining({ code: "not-supported", param: "reasoningEffort" });

  test("turns a switch off for none and on for all else", () => {
    for (const reasoningEffort of REASONING_EFFORTS) {
      const isNone = reasoningEffort === "none";
      expect(ask("switched", { reasoningEffort })).toBe(turns + (isNone ? "<think></think>" : ""));
      expect(ask("asked", { reasoningEffort })).toBe(turns + (isNone ? "</think>" : "<think>"));
    }
  });

  test("becomes the nearest level that the model knows", () => {
    const words = (name: keyof typeof TEMPLATES) =>
      REASONING_EFFORTS.slice(1).map((reasoningEffort) => {
        const text = ask(name, { reasoningEffort });
        return typeof text === "string" ? text.replace(turns, "") : text;
      });
    const levels = ["low", "low", "medium", "high", "high", "high"];
    expect(words("worded")).toEqual(levels.map((it) => `Reasoning: ${it}`));
    expect(words("lenient")).toEqual(["<1>", "<1>", "<2>", "<3>", "<3>", "<3>"]);
    expect(words("strict")).toEqual(Array(6).fill("<high>"));
    expect(words("both")).toEqual(["", "", "", "<high>", "<high>", "<max>"]);
    expect(ask("both", { reasoningEffort: "none" })).toBe(`${turns}<off>`);
    expect(ask("strict", { reasoningEffort: "none" })).toBe(`<none>${turns}`);
  });

  test("is refused where the model cannot be told, and none of a model that always reasons", () => {
    expect(ask("worded", { reasoningEffort: "none" })).toEqual(cannot);
    expect(ask("none", { reasoningEffort: "none" })).toEqual(cannot);
    expect(ask("none", { reasoningEffort: "low" })).toEqual(cannot);
    expect(ask("none", { reasoningEffort: "low" }, false)).toEqual(cannot);
    expect(ask("none", { reasoningEffort: "none" }, false)).toBe(turns);
  });

  test("is never refused as a wish", () => {
    const off = (name: keyof typeof TEMPLATES) => ask(name, { thinking: "off" });
    expect(off("none")).toBe(turns);
    expect(off("worded")).toBe(`Reasoning: medium${turns}`);
    expect(off("strict")).toBe(`<none>${turns}`);
    expect(off("switched")).toBe(`${turns}<think></think>`);
    expect(ask("asked", { thinking: "on" })).toBe(`${turns}<think>`);
    expect(ask("none", { thinking: "on" })).toBe(turns);
    // Both at once: the wish decides whether, the effort how much.
    expect(ask("both", { thinking: "on", reasoningEffort: "max" })).toBe(`${turns}<max>`);
    expect(ask("both", { thinking: "off", reasoningEffort: "max" })).toBe(`${turns}<off>`);
  });
});
