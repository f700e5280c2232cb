/**
 * Goal: texts and grammars in turn, with free text that ends where what follows it begins.
 * Method: texts that are to be taken or not, given byte by byte, and draws from the masks.
 */
import { describe, expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import type { GrammarSpec, JsonSchema, Structure, Tag } from "./grammar";
import { GrammarWalker, testVocabulary } from "./testing";

const walker = new GrammarWalker(testVocabulary());

function expectTexts(structure: Structure, texts: { takes: string[]; leaves: string[] }) {
  const spec: GrammarSpec = { type: "structure", structure };
  for (const text of texts.takes) expect([text, walker.accepts(spec, text)]).toEqual([text, true]);
  for (const text of texts.leaves)
    expect([text, walker.accepts(spec, text)]).toEqual([text, false]);
}

const text = (value: string): Structure => ({ type: "text", text: value });
const any: Structure = { type: "any-text" };
const integer: Structure = { type: "json-schema", schema: { type: "integer" } };
const tag = (begin: string, content: Structure, end: string): Tag => ({
  type: "tag",
  begin,
  content,
  end,
});
const call = (name: string): Tag => tag(`<tool_call>${name}:`, integer, "</tool_call>");

test("texts, expressions and schemas in turn, and one of several", () => {
  expectTexts(
    { type: "sequence", parts: [text("a"), integer, { type: "regex", pattern: "b+" }] },
    { takes: ["a1b", "a-20bb"], leaves: ["a1", "1b", "ab", "a1b1"] },
  );
  expectTexts(
    { type: "one-of", parts: [text("a"), text("ab"), integer] },
    { takes: ["a", "ab", "7"], leaves: ["", "b", "a7"] },
  );
  expectTexts({ type: "sequence", parts: [] }, { takes: [""], leaves: ["a"] });
});

test("a part of a schema, with what it refers to elsewhere", () => {
  const schema = {
    properties: { "a/b%": { type: "array", items: { $ref: "#/$defs/n" } } },
    $defs: { n: { type: "integer" } },
  };
  expectTexts(
    { type: "json-schema", schema, at: "/properties/a~1b%" },
    { takes: ["[]", "[1, 2]"], leaves: ["1", '["a"]'] },
  );
  expect(() =>
    walker.open({
      type: "structure",
      structure: { type: "json-schema", schema, at: "/properties/c" },
    }),
  ).toThrow("The schema at /properties/c is no schema.");
});

describe("a text as it stands", () => {
  const plain = (schema: JsonSchema): Structure => ({
    type: "plain-string",
    schema,
    without: "<<a>",
  });

  test("is held to its schema, and ends before a mark", () => {
    expectTexts(plain({ type: "string" }), {
      takes: ["", '"\n<<a', "<<<a", "日<a>"],
      leaves: ["<<a>", "a<<<a>b"],
    });
    expectTexts(plain({ type: "string", minLength: 2, maxLength: 5 }), {
      takes: ["日本", "<<a<<", "a\n<<a"],
      leaves: ["a", "abcdef", "<<a>", "<<<a>"],
    });
    expectTexts(plain({ type: "string", pattern: "^[^x]+$" }), {
      takes: ["<<a", "a>"],
      leaves: ["", "x", "a<<a>", "<<a>b"],
    });
    expectTexts(plain({ enum: ["a", "<<a>", 1, "b\n"] }), {
      takes: ["a", "b\n"],
      leaves: ["<<a>", "1", "b"],
    });
    expectTexts(plain({ type: "string", pattern: "^<*(a|日>)+$", minLength: 3, maxLength: 4 }), {
      takes: ["<<aa", "日>a", "aaa"],
      leaves: ["aa", "aaaaa", "<a日", "<<a日>"],
    });
    expectTexts(plain({ type: "string", format: "date", pattern: "^20", maxLength: 12 }), {
      takes: ["2024-02-29"],
      leaves: ["1924-02-29", "2023-02-29"],
    });
    expectTexts(plain({ type: "string", format: "date" }), {
      takes: ["2024-02-29"],
      leaves: ["2023-02-29", '"2024-02-29"'],
    });
  });

  test("has what the schema takes of random texts, without the mark", () => {
    const random = seededRandom(20_261_121);
    const schema = { type: "string", pattern: "^(?:<|<a|>|[^<>]){0,9}$" };
    const spec: GrammarSpec = { type: "structure", structure: plain(schema) };
    const counts = { taken: 0, left: 0 };
    for (let round = 0; round < 600; round++) {
      const length = Math.floor(random() * 12);
      const drawn = Array.from({ length }, () => "<<a>é".charAt(Math.floor(random() * 5))).join("");
      const isTaken = new RegExp(schema.pattern).test(drawn) && !drawn.includes("<<a>");
      expect([drawn, walker.accepts(spec, drawn)]).toEqual([drawn, isTaken]);
      counts[isTaken ? "taken" : "left"]++;
    }
    expect(Math.min(counts.taken, counts.left)).toBeGreaterThan(50);
  });

  test("says what it cannot be held to", () => {
    const read = (schema: JsonSchema) =>
      walker.open({ type: "structure", structure: plain(schema) });
    expect(() => read({ type: "string", not: { const: "a" } })).toThrow('The keyword "not"');
    expect(() => read({ type: "string", anyOf: [{ maxLength: 1 }] })).toThrow("write them as one");
    expect(() => read({ const: "<<a>" })).toThrow("No text can meet this grammar");
  });
});

describe("free text", () => {
  test("is anything where nothing follows", () => {
    expectTexts(any, { takes: ["", "</tool_call>", "日\n"], leaves: [] });
    expect(walker.accepts({ type: "structure", structure: any }, Uint8Array.of(0xff))).toBe(false);
  });

  test("ends at the first end of its tag", () => {
    expectTexts(tag("<think>", any, "</think>"), {
      takes: [
        "<think></think>",
        "<think>a < b</ think</think>",
        "<think><</think>",
        "<think></thi</think>",
      ],
      leaves: ["<think>", "<think>a</think>b", "<think>a</think></think>", "think</think>"],
    });
    // The longest beginning of the end is what counts after a slip.
    expectTexts(tag("", any, "aab"), {
      takes: ["aab", "aaab", "abaab", "aaaaab"],
      leaves: ["aabaab", "aa"],
    });
  });

  test("ends at the text or the tag that follows it", () => {
    expectTexts(
      { type: "sequence", parts: [any, text("##"), integer] },
      { takes: ["##1", "a#b##1", "###"].slice(0, 2), leaves: ["##", "##1##1", "###1"] },
    );
    expectTexts(
      { type: "sequence", parts: [any, tag("[", integer, "]"), any] },
      { takes: ["[1]", "a[1]b]", "[1][x"], leaves: ["a[b[1]", "[]"] },
    );
    expectTexts(tag("<a>", { type: "one-of", parts: [any, integer] }, "</a>"), {
      takes: ["<a>x</a>", "<a>1</a>"],
      leaves: ["<a>x"],
    });
  });

  test("before something of no fixed text is any that leaves room for it", () => {
    expectTexts(
      { type: "sequence", parts: [any, integer] },
      { takes: ["1", "a1", "1a1"], leaves: ["", "a"] },
    );
  });
});

describe("tags that are triggered", () => {
  const calls: Structure = {
    type: "triggered-tags",
    triggers: ["<tool_call>"],
    tags: [call("f"), call("g")],
    isOneNeeded: false,
    endsAfterFirst: false,
  };

  test("begin at their trigger and nowhere else, in text that is free", () => {
    expectTexts(calls, {
      takes: [
        "",
        "hello < world",
        "<tool_call>f:1</tool_call>",
        "a<tool_call>g:-2</tool_call>b<tool_call>f:0</tool_call>",
        "<tool_cal",
      ],
      leaves: [
        "<tool_call>",
        "<tool_call>h:1</tool_call>",
        "<tool_call>f:x</tool_call>",
        "<tool_call>f:1",
        "<<tool_call>f",
      ],
    });
  });

  test("may be needed, and may end the answer", () => {
    expectTexts(
      { ...calls, isOneNeeded: true },
      { takes: ["a<tool_call>f:1</tool_call>", "<tool_call>f:1</tool_call>b"], leaves: ["", "a"] },
    );
    expectTexts(
      { ...calls, endsAfterFirst: true },
      { takes: ["a", "a<tool_call>f:1</tool_call>"], leaves: ["<tool_call>f:1</tool_call>b"] },
    );
    expectTexts(
      { ...calls, isOneNeeded: true, endsAfterFirst: true },
      { takes: ["<tool_call>f:1</tool_call>"], leaves: ["", "a", "<tool_call>f:1</tool_call> "] },
    );
  });

  test("stop at the end of the part they are in", () => {
    expectTexts(tag("<m>", calls, "</m>"), {
      takes: ["<m></m>", "<m>a<tool_call>f:1</tool_call>b</m>"],
      leaves: ["<m>", "<m>a</m>b</m>", "<m><tool_call></m>"],
    });
    expectTexts(tag("<m>", { ...calls, isOneNeeded: true, endsAfterFirst: true }, "</m>"), {
      takes: ["<m>a<tool_call>f:1</tool_call></m>"],
      leaves: ["<m></m>", "<m><tool_call>f:1</tool_call>b</m>"],
    });
  });

  test("need triggers that begin them", () => {
    const open = (structure: Structure) => () => walker.open({ type: "structure", structure });
    expect(open({ ...calls, triggers: ["<call>"] })).toThrow(/No trigger begins the tag/);
    expect(open({ ...calls, triggers: [] })).toThrow(/needs triggers/);
    expect(open({ ...calls, triggers: [""] })).toThrow(/needs triggers/);
  });
});

test("tags with a text between two of them", () => {
  const list: Structure = {
    type: "separated-tags",
    tags: [call("f"), call("g")],
    separator: ", ",
    isOneNeeded: true,
    endsAfterFirst: false,
  };
  const [f, g] = ["<tool_call>f:1</tool_call>", "<tool_call>g:2</tool_call>"];
  expectTexts(list, {
    takes: [f, `${f}, ${g}, ${g}`],
    leaves: ["", `${f},${g}`, `${f}, `, `, ${f}`],
  });
  expectTexts({ ...list, isOneNeeded: false }, { takes: ["", f], leaves: [","] });
  expectTexts({ ...list, endsAfterFirst: true }, { takes: [f, g], leaves: [`${f}, ${g}`] });
  expectTexts({ ...list, separator: "" }, { takes: [f, f + g], leaves: [`${f} ${g}`] });
});

test("schemas and expressions in a structure are refused as they are alone, and so is depth", () => {
  const open = (structure: Structure) => () => walker.open({ type: "structure", structure });
  expect(open(tag("a", { type: "json-schema", schema: { not: {} } }, "b"))).toThrow(/"not"/);
  expect(open({ type: "sequence", parts: [{ type: "regex", pattern: "\\b" }] })).toThrow(
    /word boundary/,
  );
  const deep = Array.from({ length: 200 }).reduce<Structure>((it) => tag("", it, ""), any);
  expect(open(deep)).toThrow(/nested more than/);
});

test("draws from the masks are of the structure", () => {
  const random = seededRandom(11);
  const structure: Structure = {
    type: "sequence",
    parts: [
      tag("<think>", any, "</think>"),
      {
        type: "triggered-tags",
        triggers: ["<tool_call>"],
        tags: [call("f")],
        isOneNeeded: true,
        endsAfterFirst: false,
      },
    ],
  };
  for (let count = 0; count < 20; count++) {
    const drawn = walker.walk({ type: "structure", structure }, random, {
      tokensMax: 60,
      endShare: 0.3,
    });
    expect(drawn.isFinished).toBe(true);
    expect(drawn.text).toMatch(/^<think>.*?<\/think>.*<tool_call>f:-?\d+<\/tool_call>.*$/s);
  }
});
