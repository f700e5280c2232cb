/**
 * Goal: what a model writes is told as what it means, however the text is cut, and nothing is lost.
 * Method: answers as each family writes them, whole, cut in two at every place and one character at a
 * time; then the same with random damage.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { HELD_CHARACTERS_MAX } from "./answer-reader";
import { type CallSyntax, createFormat } from "./create-format";
import { DEEPSEEK_FENCED, DEEPSEEK_PLAIN } from "./formats/deepseek";
import { HARMONY } from "./formats/harmony";
import { HERMES } from "./formats/hermes";
import { JSON_CALLS } from "./formats/json";
import { LLAMA_3 } from "./formats/llama-3";
import { PIPED_ARRAY, TAGGED_ARRAY } from "./formats/marked-array";
import { MISTRAL_ARRAY, MISTRAL_NAMED } from "./formats/mistral";
import { QWEN_CODER } from "./formats/qwen-coder";
import { cutsOf, merge, type ParseOptions, parse, type Summary, summarize, TOOLS } from "./testing";

const THINK = { open: "<think>", close: "</think>" };

type Recorded = { about: string; text: string; told: Summary; options?: ParseOptions };

/** Arguments that try a scanner: nested, escaped, in other scripts, with marks and braces in strings. */
const HARD = `{"city": "Zürich \\"Nord\\" 🦊 \\\\", "options": {"a": [1, -2.5e3, {"b": null}], "c": "}]{\\n</tool_call><tool_call>[TOOL_CALLS]<｜tool▁call▁end｜>\`\`\`"}, "days": 3}`;
const PLAIN = `{"city": "Oslo"}`;

const RECORDED: Record<string, { syntax: CallSyntax; answers: Recorded[] }> = {
  hermes: {
    syntax: HERMES,
    answers: [
      {
        about: "one call",
        text: `<tool_call>\n{"name": "get_weather", "arguments": ${PLAIN}}\n</tool_call>`,
        told: [["get_weather", PLAIN]],
      },
      {
        about: "reasoning, text, two calls, text",
        text: `<think>\nThey want <tool_call> the weather.\n\n</think>\n\nLet me look.\n<tool_call>\n{"name": "get_weather", "arguments": ${HARD}}\n</tool_call>\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>\nDone < now.`,
        told: [
          { reasoning: "They want <tool_call> the weather." },
          "Let me look.\n",
          ["get_weather", HARD],
          ["now", "{}"],
          "\nDone < now.",
        ],
      },
      {
        about: "keys in another order, no line breaks, unknown keys, no mark at the end",
        text: `<tool_call>{"id":7,"arguments":{"city":"Oslo"},"name":"get_weather"}</tool_call><tool_call>{"name":"now"}`,
        told: [
          ["get_weather", `{"city":"Oslo"}`],
          ["now", "{}"],
        ],
      },
      {
        about: "a line break as it is inside of a string",
        text: `<tool_call>{"name":"write-file","arguments":{"text":"a\n\tb"}}</tool_call>`,
        told: [["write-file", `{"text":"a\\n\\tb"}`]],
      },
      {
        about: "a call whose end is missing before the next",
        text: `<tool_call>{"name":"now"}<tool_call>{"name":"now","arguments":null}</tool_call>`,
        told: [
          ["now", "{}"],
          ["now", "{}"],
        ],
      },
      {
        about: "an answer cut off inside of the arguments",
        text: `<tool_call>\n{"name": "get_weather", "arguments": {"city": "Os`,
        told: [["get_weather", `{"city": "Os`]],
      },
      {
        about: "arguments that break",
        text: `<tool_call>{"name": "get_weather", "arguments": {"city": Oslo}}</tool_call> So.`,
        told: [["get_weather", `{"city": `], `Oslo}}</tool_call> So.`],
      },
      {
        about: "a name that is not offered, with a call inside of its arguments",
        text: `<tool_call>{"name": "rm", "arguments": {"x": "<tool_call>{\\"name\\": \\"now\\"}</tool_call>"}}</tool_call>`,
        told: [
          `<tool_call>{"name": "rm", "arguments": {"x": "<tool_call>{\\"name\\": \\"now\\"}</tool_call>"}}</tool_call>`,
        ],
      },
      {
        about: "several in an array, arguments as a string of JSON",
        text: `<tool_call>[{"name": "get_weather", "arguments": "{\\"city\\": \\"a\\\\nb\\"}"}, {"arguments": " {} ", "name": "now"}]</tool_call>`,
        told: [
          ["get_weather", `{"city": "a\\nb"}`],
          ["now", "{}"],
        ],
      },
      {
        about: "arguments that are no object",
        text: `<tool_call>{"name": "now", "arguments": "soon"}</tool_call><tool_call>{"name": "now", "arguments": [{}]}</tool_call>`,
        told: [
          `<tool_call>{"name": "now", "arguments": "soon"}</tool_call><tool_call>{"name": "now", "arguments": [{}]}</tool_call>`,
        ],
      },
      {
        about: "marks without a call",
        text: `Use <tool_call> and </tool_call>, <tool_call>{oops}, <tool_ <tool_call>{"name": "now"}`,
        told: [`Use <tool_call> and </tool_call>, <tool_call>{oops}, <tool_ `, ["now", "{}"]],
      },
      {
        about: "calls where none were offered",
        text: `<think>\nHm.</think>\n<tool_call>{"name": "now"}</tool_call>`,
        told: [{ reasoning: "Hm." }, `<tool_call>{"name": "now"}</tool_call>`],
        options: { tools: undefined },
      },
      {
        about: "reasoning that the prompt opened, and its mark again",
        text: `<think>\nHm.\n</think>\n\nHello`,
        told: [{ reasoning: "Hm." }, "Hello"],
        options: { beginsInReasoning: true },
      },
      {
        about: "reasoning that the prompt opened and nothing closed",
        text: `Hm. <tool_call>{"name": "now"}</tool_call>\n`,
        told: [{ reasoning: `Hm. <tool_call>{"name": "now"}</tool_call>\n` }],
        options: { beginsInReasoning: true },
      },
      {
        about: "reasoning that is not told apart",
        text: `<think>\nHm. <tool_call>{"name": "now"}</tool_call>\n</think>\n\n<tool_call>{"name": "now"}</tool_call>`,
        told: [`<think>\nHm. <tool_call>{"name": "now"}</tool_call>\n</think>`, ["now", "{}"]],
        options: { splitsReasoning: false },
      },
      { about: "white space alone", text: " \n\n ", told: [" \n\n "] },
      {
        about: "text that begins with white space",
        text: "\n\n  if x < y: <think> z",
        told: ["\n\n  if x < y: <think> z"],
      },
    ],
  },
  "llama-3": {
    syntax: LLAMA_3,
    answers: [
      {
        about: "a bare object",
        text: `{"name": "get_weather", "parameters": ${HARD}}`,
        told: [["get_weather", HARD]],
      },
      {
        about: "two behind the mark",
        text: `<|python_tag|>{"type": "function", "name": "get_weather", "parameters": ${PLAIN}}; {"name": "now", "parameters": {}}`,
        told: [
          ["get_weather", PLAIN],
          ["now", "{}"],
        ],
      },
      {
        about: "text, then a marked call",
        text: `I will look. <|python_tag|>{"name": "now"}`,
        told: ["I will look. ", ["now", "{}"]],
      },
      {
        about: "Python behind the mark",
        text: `<|python_tag|>brave_search.call(query="x")`,
        told: [`<|python_tag|>brave_search.call(query="x")`],
      },
      {
        about: "an object that is an answer",
        text: `{"name": "now", "age": 3}\n`,
        told: [`{"name": "now", "age": 3}\n`],
      },
      {
        about: "an object in a text",
        text: `So: {"name": "now", "parameters": {}}`,
        told: [`So: {"name": "now", "parameters": {}}`],
      },
      {
        about: "a second call that is none",
        text: `{"name": "now", "parameters": {}}; or so`,
        told: [["now", "{}"], "; or so"],
      },
    ],
  },
  "mistral, array": {
    syntax: MISTRAL_ARRAY,
    answers: [
      {
        about: "two calls",
        text: `[TOOL_CALLS][{"name": "get_weather", "arguments": ${HARD}}, {"name": "now", "arguments": {}, "id": "a1B2c3D4e"}]`,
        told: [
          ["get_weather", HARD],
          ["now", "{}"],
        ],
      },
      {
        about: "text around a call",
        text: `Sure. [TOOL_CALLS] [ {"arguments": ${PLAIN}, "name": "get_weather"} ]\nDone [TOOL`,
        told: ["Sure. ", ["get_weather", PLAIN], "\nDone [TOOL"],
      },
      {
        about: "a second element that is none",
        text: `[TOOL_CALLS][{"name": "now"}, {"name": "later"}]`,
        told: [["now", "{}"], `, {"name": "later"}]`],
      },
      { about: "an array of numbers", text: "[TOOL_CALLS][1, 2]", told: ["[TOOL_CALLS][1, 2]"] },
    ],
  },
  "mistral, named": {
    syntax: MISTRAL_NAMED,
    answers: [
      {
        about: "three calls in the forms of different versions",
        text: `[TOOL_CALLS]get_weather[ARGS]${HARD}[TOOL_CALLS]now[CALL_ID]a1B2c3D4e[ARGS]{}[TOOL_CALLS]write-file{"path": "a"}`,
        told: [
          ["get_weather", HARD],
          ["now", "{}"],
          ["write-file", `{"path": "a"}`],
        ],
      },
      {
        about: "a name that is not offered",
        text: `[TOOL_CALLS]later[ARGS]{"x": "[TOOL_CALLS]now[ARGS]{}"}[TOOL_CALLS]now[ARGS]{}`,
        told: [`[TOOL_CALLS]later[ARGS]{"x": "[TOOL_CALLS]now[ARGS]{}"}`, ["now", "{}"]],
      },
      {
        about: "a name without arguments",
        text: "[TOOL_CALLS]now and then",
        told: ["[TOOL_CALLS]now and then"],
      },
    ],
  },
  "deepseek, fenced": {
    syntax: DEEPSEEK_FENCED,
    answers: [
      {
        about: "reasoning and two calls",
        text: `Look it up.\n</think>\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n\`\`\`json\n${HARD}\n\`\`\`<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        told: [{ reasoning: "Look it up." }, ["get_weather", HARD], ["now", "{}"]],
        options: { beginsInReasoning: true },
      },
      {
        about: "a name that is not offered",
        text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>later\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        told: [
          `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>later\n\`\`\`json\n{}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        ],
      },
    ],
  },
  "deepseek, plain": {
    syntax: DEEPSEEK_PLAIN,
    answers: [
      {
        about: "text and two calls",
        text: `One moment. <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>${HARD}<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        told: ["One moment. ", ["get_weather", HARD], ["now", "{}"]],
      },
      {
        about: "marks without a call",
        text: "<｜tool▁calls▁begin｜>hm<｜tool▁call▁begin｜>now{}",
        told: ["<｜tool▁calls▁begin｜>hm<｜tool▁call▁begin｜>now{}"],
      },
    ],
  },
  "marked array": {
    syntax: PIPED_ARRAY,
    answers: [
      {
        about: "two calls",
        text: `<|tool_call|>[{"name": "get_weather", "arguments": ${HARD}}, {"name": "now"}]<|/tool_call|>`,
        told: [
          ["get_weather", HARD],
          ["now", "{}"],
        ],
      },
      {
        about: "no array",
        text: `Yes <|tool_call|> {"name": "now", "arguments": {}}`,
        told: ["Yes ", ["now", "{}"]],
      },
    ],
  },
  "tagged array": {
    syntax: TAGGED_ARRAY,
    answers: [
      {
        about: "two calls in lines, text around them",
        text: `I look.\n<tool_calls>[\n  {"name": "get_weather", "arguments": ${HARD}},\n  {"name": "now", "arguments": {}}\n]</tool_calls>\n\nThere.`,
        told: ["I look.\n", ["get_weather", HARD], ["now", "{}"], "\n\nThere."],
      },
      {
        about: "an empty array",
        text: "<tool_calls>[]</tool_calls>",
        told: ["<tool_calls>[]</tool_calls>"],
      },
    ],
  },
  json: {
    syntax: JSON_CALLS,
    answers: [
      {
        about: "an object",
        text: `{"name": "get_weather", "arguments": ${HARD}}`,
        told: [["get_weather", HARD]],
      },
      {
        about: "a fenced array",
        text: `\`\`\`json\n[\n  {"name": "get_weather", "arguments": ${PLAIN}},\n  {"name": "now", "parameters": {}}\n]\n\`\`\`\n`,
        told: [
          ["get_weather", PLAIN],
          ["now", "{}"],
        ],
      },
      {
        about: "an object a line, then text",
        text: `{"name": "now", "arguments": {}}\n{"name": "now", "arguments": {}}\n\nThat is all.`,
        told: [["now", "{}"], ["now", "{}"], "\n\nThat is all."],
      },
      {
        about: "other JSON",
        text: `{"title": "now", "name": "now", "arguments": {}}`,
        told: [`{"title": "now", "name": "now", "arguments": {}}`],
      },
      { about: "an array of numbers", text: "[1, 2, 3]", told: ["[1, 2, 3]"] },
      {
        about: "code in another language",
        text: "```js\nf({})\n```",
        told: ["```js\nf({})\n```"],
      },
    ],
  },
  harmony: {
    syntax: HARMONY,
    answers: [
      {
        about: "reasoning and an answer",
        text: "<|channel|>analysis<|message|>They greet <me>.<|end|><|start|>assistant<|channel|>final<|message|>Hello <|you|>!<|return|>",
        told: [{ reasoning: "They greet <me>." }, "Hello <|you|>!"],
      },
      {
        about: "reasoning, words before a call, a call",
        text: `<|channel|>analysis<|message|>Look.<|end|><|start|>assistant<|channel|>commentary<|message|>One moment.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>${HARD}<|call|>`,
        told: [{ reasoning: "Look." }, "One moment.", ["get_weather", HARD]],
      },
      {
        about: "the recipient before the channel, twice",
        text: ` to=functions.now<|channel|>commentary json<|message|>{}<|end|><|start|>assistant to=functions.now<|channel|>commentary<|message|>{ }`,
        told: [
          ["now", "{}"],
          ["now", "{ }"],
        ],
      },
      {
        about: "a call of what is not offered, then of what is no object",
        text: `<|channel|>commentary to=functions.rm<|message|>{"a": "<|start|>"}<|call|><|channel|>commentary to=functions.now json<|message|>soon<|call|>`,
        told: [
          `<|channel|>commentary to=functions.rm<|message|>{"a": "<|start|>"}<|call|><|channel|>commentary to=functions.now json<|message|>soon<|call|>`,
        ],
      },
      {
        about: "no header at all",
        text: "Hello <|start|>assistant and so on",
        told: ["Hello <|start|>assistant and so on"],
      },
      {
        about: "reasoning that is not told apart, calls that are not offered",
        text: `<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.now json<|message|>{}<|call|>`,
        told: [
          `<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.now json<|message|>{}<|call|>`,
        ],
        options: { splitsReasoning: false, tools: undefined },
      },
    ],
  },
  "qwen-coder": {
    syntax: QWEN_CODER,
    answers: [
      {
        about: "text and two calls",
        text: `I will.\n\n<tool_call>\n<function=write-file>\n<parameter=path>\nsrc/ä "b".ts\n</parameter>\n<parameter=text>\nif (a < b) {\n\treturn "</param>";\n}\n\n</parameter>\n<parameter=lines>\n[1, {"a": "\\n"}]\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=now>\n</function>\n</tool_call>`,
        told: [
          "I will.\n\n",
          [
            "write-file",
            `{"path": "src/ä \\"b\\".ts", "text": "if (a < b) {\\n\\treturn \\"</param>\\";\\n}\\n", "lines": [1, {"a": "\\n"}]}`,
          ],
          ["now", "{}"],
        ],
      },
      {
        about: "types by schema, no mark around",
        text: `<function=get_weather><parameter=city>123</parameter><parameter=days>3</parameter><parameter=units>metric</parameter><parameter=more>x y</parameter></function>`,
        told: [["get_weather", `{"city": "123", "days": 3, "units": "metric", "more": "x y"}`]],
      },
      {
        about: "marks within strings of JSON, and a string left open",
        text: `<function=write-file>\n<parameter=lines>\n["</parameter>", "\\"</parameter>"]\n</parameter>\n</function><function=write-file>\n<parameter=lines>\n["a\n</parameter>\n<parameter=more>\nsay "x</parameter>\n</function>`,
        told: [
          ["write-file", `{"lines": ["</parameter>", "\\"</parameter>"]}`],
          ["write-file", `{"lines": "[\\"a", "more": "say \\"x"}`],
        ],
      },
      {
        about: "a call cut off",
        text: "<tool_call>\n<function=get_weather>\n<parameter=city>\nOs",
        told: [["get_weather", `{"city": "Os`]],
      },
      {
        about: "no call",
        text: "<tool_call>\n<function=later>\n</function>\n</tool_call>",
        told: ["<tool_call>\n<function=later>\n</function>\n</tool_call>"],
      },
    ],
  },
};

for (const [name, { syntax, answers }] of Object.entries(RECORDED)) {
  const format = createFormat(syntax, THINK);
  describe(name, () => {
    for (const { about, text, told, options } of answers) {
      test(`${about}: the same however it is cut`, () => {
        const whole = parse(format, [text], options);
        expect(summarize(whole)).toEqual(told);
        for (const pieces of cutsOf(text)) {
          const parts = parse(format, pieces, options);
          if (JSON.stringify(parts) !== JSON.stringify(whole)) {
            expect(parts, `cut after ${JSON.stringify(pieces[0])}`).toEqual(whole);
          }
        }
      });
    }

    test("fuzz: damage breaks nothing, and text without calls comes back as it was", () => {
      const seed = 515_001;
      const random = seededRandom(seed);
      const below = (max: number) => Math.floor(random() * max);
      for (let round = 0; round < 1_500; round++) {
        const { text, options } = answers[below(answers.length)]!;
        const damaged = damage(text, below);
        const label = `seed ${seed}, round ${round}: ${JSON.stringify(damaged)}`;
        const free = { ...options, splitsReasoning: false };
        const whole = parse(format, [damaged], free);
        const cut = below(damaged.length);
        expect(parse(format, [damaged.slice(0, cut), damaged.slice(cut)], free), label).toEqual(
          whole,
        );
        const isAnyCall = whole.some((part) => part.type === "tool-call-start");
        if (isAnyCall) continue;
        const told = summarize(whole).join("");
        // Where all text stands in messages, what stands around them goes.
        if (syntax === HARMONY) expect(isWithin(told, damaged), label).toBe(true);
        else expect(told, label).toBe(damaged);
      }
    });
  });
}

/** Whether `whole` holds the characters of `part` in their order. */
function isWithin(part: string, whole: string): boolean {
  let at = 0;
  for (const unit of whole.split("")) if (unit === part[at]) at++;
  return at === part.length;
}

function damage(text: string, below: (max: number) => number): string {
  let damaged = text;
  for (let count = 1 + below(3); count > 0; count--) {
    const at = below(damaged.length);
    const length = 1 + below(8);
    const [before, after] = [damaged.slice(0, at), damaged.slice(at)];
    const kind = below(3);
    if (kind === 0) damaged = before + after.slice(length);
    else if (kind === 1) damaged = before + after.slice(0, length) + after;
    else damaged = before + '{}[]",:\\<>\n ;`'.charAt(below(14)) + after;
  }
  return damaged;
}

test("what is withheld is bounded, and text once it is too long", () => {
  const format = createFormat(HERMES, THINK);
  const letters = "x".repeat(HELD_CHARACTERS_MAX);
  for (const text of [
    `<tool_call>{"arguments": {"city": "${letters}"}, "name": "get_weather"}</tool_call>`,
    `<tool_call>{"name": "${letters}"}</tool_call>`,
    `<tool_call>{"${letters}": 1, "name": "now"}</tool_call>`,
    `<tool_call>${" ".repeat(600)}{"name": "now"}`,
    `${" ".repeat(600)}`,
  ]) {
    const parser = format.createParser({
      ...{ tools: TOOLS, splitsReasoning: true, beginsInReasoning: false },
    });
    const told = summarize(parser.push(text)).join("");
    expect(text.length - told.length).toBeLessThan(20);
    for (const size of [1, 7, 1_000, text.length]) {
      const count = Math.ceil(text.length / size);
      const pieces = Array.from({ length: count }, (_, at) =>
        text.slice(at * size, (at + 1) * size),
      );
      expect(summarize(parse(format, pieces)), `pieces of ${size}`).toEqual([text]);
    }
  }
});

test("deep nesting is told as far as a reader of JSON can follow", () => {
  const format = createFormat(HERMES, THINK);
  const text = `<tool_call>{"name": "now", "arguments": {"a": ${"[".repeat(2_000)}`;
  const [, , rest] = parse(format, [text]);
  expect(rest).toEqual({ type: "text", text: "[".repeat(2_000 - 255) });
});

test("merged parts keep calls apart", () => {
  expect(
    merge([
      { type: "tool-call-arguments", index: 0, text: "{" },
      { type: "tool-call-arguments", index: 0, text: "}" },
      { type: "tool-call-arguments", index: 1, text: "{}" },
    ]),
  ).toHaveLength(2);
});
