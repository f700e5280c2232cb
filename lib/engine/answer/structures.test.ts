/**
 * Goal: what a structure allows is what the parser of the same format tells as calls, and no call gets
 * past it that breaks a strict tool's schema.
 * Method: texts drawn at random from each structure, put to the grammar that it makes and parsed again;
 * then the same with damage, and calls with wrong arguments.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import type { GrammarSpec, JsonSchema, Structure } from "../grammar/grammar";
import { toStructure } from "../grammar/to-structure";
import type { Tool, ToolRequest } from "./answer-format";
import { notBeginningWith } from "./call-structure";
import { createFormat, offeredTools } from "./create-format";
import { HARMONY, HARMONY_REASONING } from "./formats/harmony";
import { QWEN_CODER } from "./formats/qwen-coder";
import { answerInMarks, structureAfterReasoning } from "./reasoning";
import {
  acceptorOf,
  asText,
  CITY,
  COMMON_TEXTS,
  draw,
  drawing,
  freeTextsOf,
  isRight,
  marksOf,
  SYNTAXES,
  TENTHS,
  THINK,
  TOOLS,
} from "./structure-testing";
import { parse } from "./testing";

describe.each(SYNTAXES.map((syntax, index) => [`${syntax.name} (${index})`, syntax] as const))(
  "%s",
  (_, syntax) => {
    const format = createFormat(syntax, marksOf(syntax));
    const calls = (text: string, request: ToolRequest, options = {}) => {
      const parts = parse(format, [text], { tools: offeredTools(request), ...options });
      const told: { name: string; json: string }[] = [];
      let rest = "";
      for (const part of parts) {
        if (part.type === "tool-call-start") told.push({ name: part.name, json: "" });
        else if (part.type === "tool-call-arguments") told[part.index]!.json += part.text;
        else if (part.type === "text") rest += part.text;
      }
      return { told, rest };
    };

    test.each([
      ["required", "required", true],
      ["required, one at a time", "required", false],
      ["a named one", { name: "get_weather" }, true],
    ] as const)("%s: calls and nothing else", (_about, choice, isParallel) => {
      const request: ToolRequest = { tools: TOOLS, choice, isParallel };
      const structure = format.toStructure(request)!;
      const pick = drawing(616_001, freeTextsOf(syntax));
      const accepts = acceptorOf({ type: "structure", structure });
      const counts = new Set<number>();
      for (let round = 0; round < 200; round++) {
        const text = draw(structure, pick);
        const { told, rest } = calls(text, request);
        expect(accepts(text), text).toBe(true);
        expect(rest, text).toBe("");
        expect(told.length, text).toBeGreaterThan(0);
        for (const { name, json } of told) expect(isRight(name, json), text).toBe(true);
        if (choice !== "required") expect(told[0]?.name).toBe("get_weather");
        counts.add(told.length);
      }
      const isSeveral = choice === "required" && isParallel && syntax !== HARMONY;
      expect(Math.max(...counts)).toBe(isSeveral ? 3 : 1);
    });

    test("a call that is demanded keeps to its tool's schema though the tool is not strict", () => {
      const tools = TOOLS.map(({ isStrict: _, ...tool }) => tool);
      const request: ToolRequest = { tools, choice: { name: "get_weather" }, isParallel: true };
      const structure = format.toStructure(request)!;
      const pick = drawing(616_006, freeTextsOf(syntax));
      const accepts = acceptorOf({ type: "structure", structure });
      const wrong = draw(format.toStructure(request, "strict")!, drawing(616_006, ["Oslo"]));
      expect(accepts(wrong), wrong).toBe(false);
      for (let round = 0; round < 50; round++) {
        const text = draw(structure, pick);
        const { told, rest } = calls(text, request);
        expect(accepts(text), text).toBe(true);
        expect(rest, text).toBe("");
        expect(told.map(({ name, json }) => isRight(name, json))).toEqual([true]);
      }
    });

    test("a call that is demanded is any object where the schema cannot be kept to and nobody insists", () => {
      const parameters = { type: "object", properties: { a: { not: {} }, b: { type: "integer" } } };
      const request = (isStrict: boolean): ToolRequest => ({
        tools: [{ name: "lookup", parameters, isStrict }, TOOLS[0]!],
        ...{ choice: "required", isParallel: false },
      });
      const spec = (isStrict: boolean) =>
        ({ type: "structure", structure: format.toStructure(request(isStrict))! }) as const;
      const accepts = acceptorOf(spec(false));
      const pick = drawing(616_007, freeTextsOf(syntax));
      const names = new Set<string>();
      for (let round = 0; round < 50; round++) {
        const text = draw(spec(false).structure, pick);
        const { told } = calls(text, request(false));
        expect(accepts(text), text).toBe(true);
        // The other tool's schema still holds.
        expect(told.map(({ name, json }) => isRight(name, json))).toEqual([true]);
        names.add(told[0]!.name);
      }
      expect([...names].sort()).toEqual(["get_weather", "lookup"]);
      expect(() => acceptorOf(spec(true))).toThrow(/"not" cannot be guaranteed/);
    });

    test("a call that is demanded has the listed properties alone, unless others are spoken of", () => {
      const open = { type: "object", properties: { key: { type: "string" } } };
      const request = (parameters: JsonSchema): ToolRequest => ({
        tools: [{ name: "lookup", parameters }],
        ...{ choice: "required", isParallel: false },
      });
      const wordy = request({ ...open, properties: { ...open.properties, other: { const: 1 } } });
      // As the family writes it, with one property more than the others have.
      const pick = drawing(616_008, freeTextsOf(syntax));
      const drawn = Array.from({ length: 50 }, () => draw(format.toStructure(wordy)!, pick));
      const more = drawn.find((it) => it.includes("other")) ?? "";
      expect(more).not.toBe("");
      const isAllowed = (parameters: JsonSchema) =>
        acceptorOf({ type: "structure", structure: format.toStructure(request(parameters))! })(
          more,
        );
      expect(isAllowed(open), more).toBe(false);
      // Qwen3-Coder's calls have no other properties than those of which the kind is known.
      const isOpen = syntax !== QWEN_CODER;
      expect(isAllowed({ ...open, additionalProperties: true }), more).toBe(isOpen);
      expect(isAllowed({ ...open, minProperties: 1 }), more).toBe(isOpen);
    });

    test("free, with a strict tool: whatever is told as a call is right", () => {
      const request: ToolRequest = { tools: TOOLS, choice: "auto", isParallel: true };
      const structure = format.toStructure(request)!;
      const pick = drawing(616_002, freeTextsOf(syntax));
      const accepts = acceptorOf({ type: "structure", structure });
      let callCount = 0;
      let textCount = 0;
      for (let round = 0; round < 300; round++) {
        const text = draw(structure, pick);
        const { told, rest } = calls(text, request);
        expect(accepts(text), text).toBe(true);
        for (const { name, json } of told) expect(isRight(name, json), text).toBe(true);
        callCount += told.length;
        if (rest !== "") textCount++;
      }
      expect(callCount).toBeGreaterThan(50);
      expect(textCount).toBeGreaterThan(50);
    });

    test("after reasoning, opened by the prompt or not", () => {
      const request: ToolRequest = { tools: TOOLS, choice: "required", isParallel: true };
      const structure = format.toStructure(request)!;
      const pick = drawing(616_003, COMMON_TEXTS);
      // Its prompt never opens the reasoning.
      for (const beginsInReasoning of syntax === HARMONY ? [false] : [true, false]) {
        const spec = structureAfterReasoning(
          { type: "structure", structure },
          marksOf(syntax),
          beginsInReasoning,
        );
        const accepts = acceptorOf(spec);
        for (let round = 0; round < 50; round++) {
          const text = asText(spec, pick);
          const { told, rest } = calls(text, request, { beginsInReasoning });
          expect(accepts(text), text).toBe(true);
          expect(rest, text).toBe("");
          expect(told.length, text).toBeGreaterThan(0);
        }
      }
    });

    test("no call gets past it with arguments that a strict tool does not take", () => {
      const request: ToolRequest = { tools: TOOLS, choice: "auto", isParallel: true };
      const structure = format.toStructure(request)!;
      const free = { type: "structure", structure } as const;
      const marks = marksOf(syntax);
      const specs = [
        { accepts: acceptorOf(free), beginsInReasoning: false },
        {
          accepts: acceptorOf(structureAfterReasoning(free, marks, false)),
          beginsInReasoning: false,
        },
        {
          accepts: acceptorOf(structureAfterReasoning(free, marks, true)),
          beginsInReasoning: true,
        },
      ];
      const pick = drawing(616_005, freeTextsOf(syntax));
      const wrong = ['{"city": 3, "days": 1}', '{"city": "Oslo"}', '{"city": "Oslo", "days": "1"}'];
      const right = '{"city": "Oslo", "days": 1}';
      const reasoned = `${marks.open}Hm${marks.close}`;
      const around = [
        "",
        " ",
        "\n",
        "So ",
        "{",
        marks.open,
        "Hm",
        marks.close,
        "\n\n",
        reasoned,
        reasoned,
      ];
      let toldCount = 0;
      let acceptedCount = 0;
      for (let round = 0; round < 1_800; round++) {
        const call = () => syntax.writeCall("get_weather", pick([...wrong, right]));
        const pieces = [...around, call(), draw(structure, pick)];
        const text = Array.from({ length: 1 + pick([0, 1, 2, 3]) }, () => pick(pieces)).join("");
        const { accepts, beginsInReasoning } = pick(specs);
        const at = Math.floor(pick(TENTHS) * text.length);
        const damaged = text.slice(0, at) + text.slice(at + pick([0, 0, 1, 5, 14, 22]));
        if (!accepts(damaged)) continue;
        acceptedCount++;
        for (const { name, json } of calls(damaged, request, { beginsInReasoning }).told) {
          expect(isRight(name, json), damaged).toBe(true);
          toldCount++;
        }
      }
      expect(acceptedCount).toBeGreaterThan(100);
      expect(toldCount).toBeGreaterThan(10);
    });

    test("a request that asks for nothing is held to nothing", () => {
      const tools = TOOLS.filter((tool) => !tool.isStrict);
      for (const choice of ["auto", "none"] as const) {
        expect(format.toStructure({ tools, choice, isParallel: true })).toBeUndefined();
      }
    });

    test("a call as a model is told to write it is one", () => {
      const request: ToolRequest = { tools: TOOLS, choice: "auto", isParallel: true };
      const { told, rest } = calls(syntax.writeCall("lookup", '{"key": "a \\"b\\""}'), request);
      expect(rest).toBe("");
      expect(told).toEqual([{ name: "lookup", json: '{"key": "a \\"b\\""}' }]);
    });
  },
);

describe("values that are written as they stand", () => {
  const format = createFormat(QWEN_CODER, undefined);
  const requestFor = (tool: Tool): ToolRequest => ({
    tools: [tool],
    choice: "required",
    isParallel: false,
  });
  const strict = (parameters: JsonSchema): Tool => ({ name: "call", parameters, isStrict: true });
  const acceptorFor = (parameters: JsonSchema) => {
    const structure = format.toStructure(requestFor(strict(parameters)))!;
    const accepts = acceptorOf({ type: "structure", structure });
    return (values: string) =>
      accepts(`<tool_call>\n<function=call>\n${values}</function>\n</tool_call>`);
  };
  const write = (key: string, text: string) => `<parameter=${key}>\n${text}\n</parameter>\n`;

  test("are held to the schemas of a strict tool, and end where they are read to end", () => {
    const accepts = acceptorFor({
      type: "object",
      properties: {
        free: { type: "string", description: "Any." },
        short: { type: "string", minLength: 2, maxLength: 12 },
        code: { type: "string", pattern: "^[A-Z]+$" },
        color: { $ref: "#/$defs/color" },
        tree: { $ref: "#/$defs/tree" },
        kind: { type: "string", const: "a" },
      },
      required: ["more"],
      additionalProperties: { $ref: "#/$defs/color" },
      $defs: {
        color: { type: "string", enum: ["red", "</parameter>"] },
        tree: { type: "array", items: { $ref: "#/$defs/tree" } },
      },
    });
    const more = write("more", '"red"');
    expect(accepts(more)).toBe(true);
    expect(accepts("")).toBe(false);
    expect(accepts(write("more", '"blue"'))).toBe(false);
    const cases: [key: string, right: string[], wrong: string[]][] = [
      ["free", ["", "a\n\n", "</param>", "a\n</parameter"], ["a</parameter>", "</parameter>\n"]],
      ["short", ["Oslo", "</parameter", "日本"], ["a", "1234567890123", "a</parameter>"]],
      ["code", ["A", "ABC"], ["", "a", '"A"']],
      ["color", ['"red"', '"</parameter>"'], ["red", '"blue"']],
      ["tree", ["[]", "[[], [[]]]"], ["[1]", ""]],
      ["kind", ["a"], ["b", '"a"', "a\n"]],
    ];
    for (const [key, right, wrong] of cases) {
      for (const it of right) expect([key, it, accepts(write(key, it) + more)]).toContain(true);
      for (const it of wrong) expect([key, it, accepts(write(key, it) + more)]).toContain(false);
    }
    expect(accepts(`<parameter=free>\nOslo</parameter>\n${more}`)).toBe(true);
    expect(accepts(`<parameter=short>\nOslo</parameter>\n${more}`)).toBe(false);
  });

  test("of tools that are not strict end there too", () => {
    const tool = {
      ...strict({ properties: { a: { type: "string" }, "b>": {} } }),
      isStrict: false,
    };
    const accepts = acceptorOf({
      type: "structure",
      structure: format.toStructure(requestFor(tool))!,
    });
    const call = (values: string) =>
      `<tool_call>\n<function=call>\n${values}</function>\n</tool_call>`;
    expect(accepts(call(write("a", "x")))).toBe(true);
    expect(accepts(call(write("a", "x</parameter>")))).toBe(false);
    expect(accepts(call(write("b>", "x")))).toBe(false);
  });

  test("what cannot be held to is refused by the tool's name", () => {
    const planOf = (parameters: JsonSchema) => () =>
      format.toStructure(requestFor(strict(parameters)));
    const about = 'The tool "call" cannot be strict with this model: ';
    expect(planOf({ properties: { "a>": {} } })).toThrow(`${about}the property "a>"`);
    expect(planOf({ required: ["a\nb"] })).toThrow(`${about}the property "a\\nb"`);
    expect(planOf({ properties: { ["a".repeat(257)]: {} } })).toThrow("more than 256 characters");
    expect(planOf({ anyOf: [{ properties: {} }] })).toThrow(`${about}its parameters are`);
    expect(planOf({ not: {} })).toThrow('an object with "not"');
    expect(planOf({ type: "array" })).toThrow("of another type than object");
    expect(planOf(false)).toThrow("take nothing");
    expect(planOf(true)).not.toThrow();
  });
});

test("an answer that begins otherwise is told from one that begins like a call", () => {
  const prefixes = ["{", "<|tag|>", "<think>", "```json", " ", "\n"];
  const structure = notBeginningWith(prefixes, { type: "regex", pattern: "[\\s\\S]*" });
  const patternOf = (it: Structure): string => {
    if (it.type === "regex") return it.pattern;
    const parts = "parts" in it ? it.parts.map((part) => `(${patternOf(part)})`) : [];
    return parts.join(it.type === "one-of" ? "|" : "");
  };
  const pattern = new RegExp(`^(?:${patternOf(structure)})$`);
  const random = seededRandom(616_004);
  const pieces = ["{", "<", "|tag", "|>", "think", ">", "```", "js", "on", " ", "a", "\n", "`"];
  let refused = 0;
  for (let round = 0; round < 2_000; round++) {
    const length = Math.floor(random() * 5);
    const text = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join(
      "",
    );
    const isRefused = prefixes.some((prefix) => text.startsWith(prefix));
    expect(pattern.test(text), JSON.stringify(text)).toBe(!isRefused);
    if (isRefused) refused++;
  }
  expect(refused).toBeGreaterThan(100);
});

test("every form of answer can follow reasoning", () => {
  const specs: GrammarSpec[] = [
    { type: "json-object" },
    { type: "json-schema", schema: CITY },
    { type: "regex", pattern: "[ab]+" },
    { type: "choice", choices: ["yes", "no"] },
  ];
  expect(specs.map((spec) => structureAfterReasoning(spec, THINK, true))).toMatchObject(
    [
      { type: "json-schema", schema: { type: "object" } },
      { type: "json-schema", schema: CITY },
      { type: "regex", pattern: "[ab]+" },
      { type: "one-of", parts: [{ text: "yes" }, { text: "no" }] },
    ].map((answer) => ({
      type: "structure",
      structure: {
        parts: [{ type: "tag", begin: "", end: "</think>" }, { type: "regex" }, answer],
      },
    })),
  );
});

test("an answer that is no call begins as its family has it", () => {
  const spec: GrammarSpec = { type: "json-object" };
  const begun = draw(answerInMarks(spec, HARMONY_REASONING), drawing(1, []));
  expect(begun).toBe(`<|channel|>final<|message|>${draw(toStructure(spec), drawing(1, []))}`);
  expect(answerInMarks(spec, THINK)).toEqual(toStructure(spec));
  const accepts = acceptorOf(structureAfterReasoning(spec, HARMONY_REASONING, false));
  expect(accepts(`<|channel|>final<|message|>{"a": 1}`)).toBe(true);
  expect(accepts(`<|channel|>analysis<|message|>Hm<|end|><|start|>assistant${begun}`)).toBe(true);
  expect(accepts(`{"a": 1}`)).toBe(false);
});
