/**
 * Goal: every text that a schema's grammar takes is valid under the schema, and what cannot be kept to
 * is refused by its keyword and place.
 * Method: texts that are to be taken or not, given byte by byte; `ajv` judges those that are taken.
 */
import { Ajv2020 } from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { JsonSchema } from "./grammar";
import { GrammarShelf } from "./grammar-shelf";
import { GrammarWalker, testVocabulary } from "./testing";
import { createVocabulary } from "./vocabulary-trie";

const walker = new GrammarWalker(testVocabulary());
const ajv = new Ajv2020({ strict: false });
// Its types describe a default export that the module's object wraps.
(addFormats as unknown as { default: (it: Ajv2020) => void }).default?.(ajv) ?? undefined;

const accepts = (schema: JsonSchema, text: string) =>
  walker.accepts({ type: "json-schema", schema }, text);

function expectTexts(schema: JsonSchema, texts: { takes?: string[]; leaves?: string[] }) {
  const isValid = ajv.compile(schema);
  for (const text of texts.takes ?? []) {
    expect([text, accepts(schema, text), isValid(JSON.parse(text))]).toEqual([text, true, true]);
  }
  for (const text of texts.leaves ?? [])
    expect([text, accepts(schema, text)]).toEqual([text, false]);
}

const object = (properties: Record<string, JsonSchema>, more: Record<string, unknown> = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

describe("values", () => {
  test("of any kind, with one space at most after commas and colons", () => {
    expectTexts(true, {
      takes: [
        '{"a": [1,2, {"b":null}], "c":"d"}',
        "[]",
        "{}",
        '"x"',
        "-0.5e10",
        "true",
        "[[[[[]]]]]",
      ],
      leaves: [
        "",
        " 1",
        "1 ",
        '{"a" :1}',
        '{"a":  1}',
        "[1,\n2]",
        "{,}",
        "[1,]",
        "01",
        "1.",
        "nul",
        "+1",
        "NaN",
      ],
    });
    expectTexts({}, { takes: ["1", "{}"], leaves: ["}"] });
  });

  test("strings hold no lone surrogates, controls or unknown escapes", () => {
    expectTexts(
      { type: "string" },
      {
        takes: [
          '""',
          '"é日😀"',
          '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
          '"\\u00e9\\uD83D\\ude00"',
          '"\u007f"',
        ],
        leaves: [
          '"\n"',
          '"\\x"',
          '"\\ud83d"',
          '"\\ude00"',
          '"\\ud83d\\u0041"',
          '"',
          '"\\u12"',
          "'a'",
        ],
      },
    );
    const partOfACharacter = Uint8Array.of(0x22, 0xe6, 0x22);
    expect(
      walker.accepts({ type: "json-schema", schema: { type: "string" } }, partOfACharacter),
    ).toBe(false);
    const surrogateInBytes = Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22);
    expect(
      walker.accepts({ type: "json-schema", schema: { type: "string" } }, surrogateInBytes),
    ).toBe(false);
  });

  test("numbers within bounds", () => {
    expectTexts(
      { type: "integer" },
      {
        takes: ["0", "-7", "1234567890123456789"],
        leaves: ["1.0", "1e2", "007", "-", "12345678901234567890"],
      },
    );
    expectTexts(
      { type: "integer", minimum: -12, maximum: 345 },
      {
        takes: ["-12", "-9", "0", "99", "345", "300", "-1"],
        leaves: ["-13", "346", "1000", "-20", "-0"],
      },
    );
    expectTexts(
      { type: "integer", exclusiveMinimum: 5, exclusiveMaximum: 7 },
      { takes: ["6"], leaves: ["5", "7"] },
    );
    expectTexts(
      { type: "integer", minimum: 2.5 },
      { takes: ["3", "1000000"], leaves: ["2", "-3"] },
    );
    expectTexts(
      { type: "number", minimum: 0, maximum: 1 },
      { takes: ["0", "1", "0.25", "1.000", "0.0"], leaves: ["1.01", "-0.1", "2", "1e0"] },
    );
    expectTexts(
      { type: "number", exclusiveMinimum: 0 },
      { takes: ["0.001", "7", "12.5"], leaves: ["0", "0.0", "0.000", "-1"] },
    );
    expectTexts(
      { type: "number", minimum: -1.25, exclusiveMaximum: 3.5 },
      {
        takes: ["-1.25", "-1.2", "-0.99", "3.4999", "3", "0", "-1.250"],
        leaves: ["-1.26", "3.5", "3.50", "4", "-2", "-1.2501"],
      },
    );
    expectTexts(
      { type: "number", minimum: 0.1, maximum: 0.15 },
      { takes: ["0.1", "0.15", "0.12", "0.1000"], leaves: ["0.16", "0.09", "0", "0.151"] },
    );
    expectTexts(
      { type: "number", maximum: -2.5 },
      { takes: ["-2.5", "-3", "-100.75"], leaves: ["-2.4", "0", "3"] },
    );
    expectTexts({ type: "number", multipleOf: 1 }, { takes: ["3"], leaves: ["3.5"] });
  });

  test("numbers that are read as a bound are not beside it", () => {
    const near = { type: "number", minimum: -19374.87, exclusiveMaximum: -0.8999999999999999 };
    expectTexts(near, {
      takes: ["-0.9", "-19374.87", "-0.90000000001"],
      leaves: ["-0.89999999999999993", "-0.8999999999999999"],
    });
    expectTexts(
      { type: "number", exclusiveMaximum: 3.5 },
      { takes: ["3.49999999999999"], leaves: ["3.4999999999999999", "3.5"] },
    );
    expectTexts(
      { type: "integer", exclusiveMaximum: 2 ** 60 },
      { takes: [String(2n ** 60n - 128n)], leaves: [String(2n ** 60n - 1n)] },
    );
  });

  test("numbers of OpenAPI's formats", () => {
    expectTexts(
      { type: "integer", format: "int32", minimum: 5 },
      { takes: ["5", "2147483647"], leaves: ["2147483648", "4"] },
    );
    expectTexts(
      { type: "integer", format: "int64" },
      { takes: ["-9223372036854774784"], leaves: ["9223372036854775808"] },
    );
    expectTexts({ type: "number", format: "double" }, { takes: ["1.5"], leaves: [] });
    expect(() => accepts({ type: "number", format: "decimal" }, "1")).toThrow(
      /format is not among those of numbers/,
    );
  });

  test("enum and const in their one way of being written", () => {
    expectTexts(
      { enum: ["a", 1, null, { b: [true] }, "é\n"] },
      {
        takes: ['"a"', "1", "null", '{"b":[true]}', '"é\\n"'],
        leaves: ['"b"', '{"b": [true]}', "1.0"],
      },
    );
    expectTexts({ type: "string", enum: ["a", 1] }, { takes: ['"a"'], leaves: ["1"] });
    expectTexts({ const: null }, { takes: ["null"], leaves: ["1"] });
    expectTexts({ type: ["integer", "null"] }, { takes: ["1", "null"], leaves: ['"a"', "1.5"] });
  });
});

describe("strings with bounds", () => {
  test("of length count characters, however they are written", () => {
    expectTexts(
      { type: "string", minLength: 2, maxLength: 3 },
      {
        takes: ['"ab"', '"日本語"', '"\\ud83d\\ude00a"', '"\\n\\u0041"'],
        leaves: ['""', '"a"', '"abcd"', '"😀"'],
      },
    );
    expect(accepts({ type: "string", maxLength: 5000 }, `"${"x".repeat(5000)}"`)).toBe(true);
    expect(accepts({ type: "string", maxLength: 5000 }, `"${"x".repeat(5001)}"`)).toBe(false);
    expect(accepts({ type: "string", maxLength: 1e9 }, '"abc"')).toBe(true);
  });

  test("of a pattern are escaped where JSON wants it, and may have it anywhere", () => {
    expectTexts(
      { type: "string", pattern: "^[^a]+$" },
      { takes: ['"\\""', '"\\\\"', '"\\n"', '"b"', '"\\u0001"'], leaves: ['"a"', '"""', '"\n"'] },
    );
    expectTexts(
      { type: "string", pattern: "bc" },
      { takes: ['"abcd"', '"bc"', '"\\"bc\\""'], leaves: ['"b"'] },
    );
    expectTexts(
      { type: "string", pattern: "^a|b$" },
      { takes: ['"ax"', '"xb"'], leaves: ['"xa"'] },
    );
    expectTexts(
      { type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 4 },
      { takes: ['"ab"', '"abcd"'], leaves: ['"a"', '"abcde"'] },
    );
    expectTexts(
      { type: "string", pattern: "^[A-Z][a-z]*$", maxLength: 3 },
      { takes: ['"A"', '"Abc"'], leaves: ['"Abcd"'] },
    );
  });

  test.each([
    [
      "date",
      ["2024-02-29", "2023-12-31", "2000-02-29"],
      ["2023-02-29", "2024-13-01", "2024-04-31", "1900-02-29"],
    ],
    ["time", ["23:59:59Z", "00:00:00.123+05:30"], ["24:00:00Z", "12:00:00"]],
    ["date-time", ["2024-02-29T12:00:00Z"], ["2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z"]],
    ["duration", ["P1D", "PT1H30M", "P2W", "P1Y2M3DT4H"], ["P", "PT", "1D", "P1DT"]],
    ["uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]],
    ["email", ["ada.l+x@example.org"], ["ada@", "@x.y", "a b@c.d"]],
    ["hostname", ["a.example.org"], ["-a.b", "a..b"]],
    ["ipv4", ["255.0.10.1"], ["256.0.0.1", "1.2.3", "01.2.3.4"]],
    ["ipv6", ["2001:db8::1", "::", "::1", "1:2:3:4:5:6:7:8"], ["1::2::3", "12345::"]],
    [
      "uri",
      ["https://example.org/a/b?c=d&e=#f", "http://localhost:8080"],
      ["example.org", "http://"],
    ],
  ])("of the format %s", (format, takes, leaves) => {
    const quote = (it: string) => JSON.stringify(it);
    expectTexts({ type: "string", format }, { takes: takes.map(quote), leaves: leaves.map(quote) });
  });
});

describe("objects", () => {
  test("have their properties in order, and the optional ones or not", () => {
    const schema = object(
      { a: { type: "integer" }, b: { type: "boolean" }, c: true },
      { required: ["b"] },
    );
    expectTexts(schema, {
      takes: [
        '{"b":true}',
        '{"a":1,"b":true}',
        '{"b": false, "c": []}',
        '{"a":1, "b":true, "c":0}',
      ],
      leaves: [
        "{}",
        '{"a":1}',
        '{"b":true,"a":1}',
        '{"b":true,}',
        '{"b":true,"d":1}',
        '{,"b":true}',
        '{"b":true,"b":true}',
      ],
    });
  });

  test("that are open take further names, but never a declared one again", () => {
    const schema = {
      type: "object",
      properties: { ab: { type: "integer" }, é: true },
      required: ["ab"],
    };
    expectTexts(schema, {
      takes: [
        '{"ab":1}',
        '{"ab":1,"abc":"x"}',
        '{"ab":1,"a":"x"}',
        '{"ab":1,"":0,"b":1}',
        '{"ab":1,"é":2,"éé":3}',
      ],
      leaves: ['{"ab":1,"ab":"x"}', '{"ab":1,"\\u0061b":"x"}', '{"ab":"x"}', "{}"],
    });
    expectTexts(
      { type: "object", additionalProperties: { type: "integer" } },
      { takes: ["{}", '{"x":1,"y":2}'], leaves: ['{"x":"1"}'] },
    );
    expectTexts(
      { type: "object", required: ["z"], additionalProperties: { type: "null" } },
      { takes: ['{"z":null}', '{"z":null,"y":null}'], leaves: ["{}", '{"z":1}'] },
    );
  });

  test("of one pattern of names, of named names, of a count", () => {
    const closed = { additionalProperties: false };
    expectTexts(
      { type: "object", patternProperties: { "^x-[a-z]+$": { type: "integer" } }, ...closed },
      { takes: ["{}", '{"x-a":1,"x-b":2}'], leaves: ['{"y":1}', '{"x-a":"b"}'] },
    );
    const named = { type: "object", properties: { a: { type: "integer" } }, ...closed };
    const member = { type: "integer" };
    // Of no JavaScript in its strict mode, though many write it so.
    const dashed = { ...named, patternProperties: { "^x\\-": member } };
    expect(accepts(dashed, '{"a":1,"x-":2}')).toBe(true);
    expect(accepts(dashed, '{"a":1,"y-":2}')).toBe(false);
    // Would be tried in 2^40 ways, one after the other.
    const name = `${"a".repeat(40)}!`;
    const twice = {
      ...named,
      properties: { [name]: member },
      patternProperties: { "^(a+)+$": member },
    };
    expect(accepts(twice, `{"${name}":1,"aa":2}`)).toBe(true);
    expectTexts(
      { type: "object", propertyNames: { enum: ["a", "b"] } },
      { takes: ['{"a":1}'], leaves: ['{"c":1}'] },
    );
    expectTexts(
      { type: "object", minProperties: 1, maxProperties: 2 },
      { takes: ['{"a":1}', '{"a":1,"b":1}'], leaves: ["{}", '{"a":1,"b":1,"c":1}'] },
    );
    expectTexts(
      { ...object({ a: true }), minProperties: 1 },
      { takes: ['{"a":1}'], leaves: ["{}"] },
    );
    expectTexts(object({ a: true, b: false }, { required: ["a"] }), {
      takes: ['{"a":1}'],
      leaves: ['{"a":1,"b":1}'],
    });
  });
});

test("arrays with bounds, and items that stand first", () => {
  expectTexts(
    { type: "array", items: { type: "integer" } },
    { takes: ["[]", "[1]", "[1,2, 3]"], leaves: ["[,]", "[1 ,2]", '["a"]'] },
  );
  expectTexts(
    { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 2 },
    { takes: ["[1]", "[1,2]"], leaves: ["[]", "[1,2,3]"] },
  );
  expectTexts(
    {
      type: "array",
      prefixItems: [{ type: "string" }, { type: "null" }],
      items: { type: "integer" },
    },
    {
      takes: ["[]", '["a"]', '["a",null]', '["a",null,1,2]'],
      leaves: ["[1]", "[null]", '["a",1]'],
    },
  );
  expectTexts(
    { type: "array", prefixItems: [{ type: "string" }], items: false, minItems: 1 },
    { takes: ['["a"]'], leaves: ["[]", '["a",1]'] },
  );
  expectTexts(
    { type: "array", prefixItems: [true, true, true], minItems: 2, maxItems: 2 },
    { takes: ["[1,2]"], leaves: ["[1]", "[1,2,3]"] },
  );
  expectTexts(
    { type: "array", maxItems: 1, uniqueItems: true },
    { takes: ["[]", "[1]"], leaves: ["[1,1]"] },
  );
});

describe("schemas made of schemas", () => {
  test("anyOf, allOf and what stands beside them", () => {
    expectTexts(
      { anyOf: [{ type: "integer" }, { type: "null" }] },
      { takes: ["1", "null"], leaves: ['"a"'] },
    );
    expectTexts(
      {
        type: "object",
        properties: { a: { type: "integer" }, b: { type: "integer" } },
        additionalProperties: false,
        anyOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      {
        takes: ['{"a":1}', '{"b":1}', '{"a":1,"b":2}'],
        leaves: ["{}"],
      },
    );
    expectTexts(
      {
        allOf: [
          { type: "object", properties: { a: { minimum: 3 } } },
          {
            properties: { a: { type: "integer", maximum: 5 } },
            required: ["a"],
            additionalProperties: false,
          },
        ],
      },
      {
        takes: ['{"a":3}', '{"a":5}'],
        leaves: ['{"a":2}', '{"a":6}', "{}"],
      },
    );
    expectTexts(
      { allOf: [{ type: ["integer", "string"] }], type: "number" },
      { takes: ["1"], leaves: ['"a"', "1.5"] },
    );
  });

  test("oneOf of alternatives that exclude each other", () => {
    const one = (kind: string) => object({ kind: { const: kind }, [kind]: { type: "integer" } });
    expectTexts(
      { oneOf: [one("a"), one("b")] },
      { takes: ['{"kind":"a","a":1}', '{"kind":"b","b":1}'], leaves: ['{"kind":"a","b":1}'] },
    );
    expectTexts(
      { oneOf: [{ type: "string" }, { type: "integer" }] },
      { takes: ["1", '"a"'], leaves: ["null"] },
    );
  });

  test("references, also to themselves as long as they can end", () => {
    const list = {
      $ref: "#/$defs/node",
      $defs: {
        node: object({
          v: { type: "integer" },
          next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] },
        }),
      },
    };
    expectTexts(list, {
      takes: ['{"v":1,"next":null}', '{"v":1,"next":{"v":2,"next":null}}'],
      leaves: ['{"v":1}', '{"v":1,"next":{}}'],
    });
    const tree = {
      type: "object",
      properties: { "a/b": { $ref: "#" } },
      additionalProperties: false,
    };
    expectTexts(tree, { takes: ["{}", '{"a/b":{"a/b":{}}}'], leaves: ['{"a/b":1}'] });
    const loop = {
      $defs: {
        a: { anyOf: [{ $ref: "#/$defs/b" }, { type: "null" }] },
        b: { anyOf: [{ $ref: "#/$defs/a" }, { const: 1 }] },
      },
      $ref: "#/$defs/a",
    };
    // Two references that only name each other are more than ajv can follow.
    expect(["null", "1", "2"].map((text) => accepts(loop, text))).toEqual([true, true, false]);
    // A property that never ends is not begun.
    const endless = {
      type: "object",
      properties: { a: { $ref: "#/$defs/e" }, b: { type: "null" } },
      $defs: { e: object({ e: { $ref: "#/$defs/e" } }) },
      additionalProperties: false,
    };
    expectTexts(endless, { takes: ["{}", '{"b":null}'], leaves: ['{"a'] });
    expect(
      walker.walk({ type: "json-schema", schema: endless }, () => 0.1, {
        tokensMax: 50,
        endShare: 0,
      }).isFinished,
    ).toBe(true);
  });
});

describe("is refused", () => {
  test.each<[string, unknown, RegExp]>([
    ["not", { properties: { a: { not: {} } } }, /"not" cannot be guaranteed.*\/properties\/a/],
    ["if", { if: {}, else: {} }, /"if"/],
    ["contains", { type: "array", contains: {} }, /"contains"/],
    ["uniqueItems", { type: "array", uniqueItems: true }, /\/uniqueItems/],
    ["multipleOf", { items: { type: "integer", multipleOf: 3 } }, /\/items\/multipleOf/],
    ["dependentRequired", { dependentRequired: {} }, /dependentRequired/],
    ["a keyword with a slip", { type: "string", maxLenght: 3 }, /"maxLenght" is not known/],
    ["a type with a slip", { type: "strin" }, /\/type is "strin"/],
    ["no schema", { properties: { a: 3 } }, /\/properties\/a is no schema/],
    ["a list", [], /root is no schema/],
    ["a format of expressions", { type: "string", format: "regex" }, /\/format is regex, which/],
    ["a format that is no text", { type: "string", format: 3 }, /\/format has to be a text/],
    [
      "look-ahead in a pattern",
      { properties: { "a/b": { type: "string", pattern: "(?=a)" } } },
      /\/properties\/a~1b\/pattern.*look-ahead/,
    ],
    [
      "two patterns of names",
      { patternProperties: { a: {}, b: {} }, additionalProperties: false },
      /patternProperties can be/,
    ],
    [
      "a pattern that a name meets",
      { properties: { ab: {} }, patternProperties: { a: {} }, additionalProperties: false },
      /meets too/,
    ],
    [
      "a pattern that a name with escapes meets",
      {
        properties: { 'é"\n': {} },
        patternProperties: { '^é"\\s$': {} },
        additionalProperties: false,
      },
      /the property "é\\"\\n" meets too/,
    ],
    ["a count of names", { type: "object", minProperties: 2 }, /minProperties/],
    [
      "alternatives that overlap",
      { oneOf: [{ type: "integer" }, { type: "number" }] },
      /\/oneOf has alternatives \(0 and 1\)/,
    ],
    [
      "alternatives without types",
      { oneOf: [{ type: "string" }, { minimum: 5 }] },
      /oneOf has alternatives/,
    ],
    ["a reference elsewhere", { $ref: "https://example.org/schema" }, /same schema/],
    ["a reference to nothing", { $ref: "#/$defs/a" }, /no schema/],
    ["a reference to no pointer", { $ref: "#/%zz" }, /no pointer/],
    ["enum with nothing", { enum: [] }, /enum has to be/],
    ["enum with a length", { enum: ["a"], minLength: 1 }, /minLength stands beside/],
    ["a negative length", { type: "string", minLength: -1 }, /whole number/],
    ["required names that are none", { required: "a" }, /list of names/],
    ["items in a list", { items: [{}] }, /prefixItems/],
    [
      "two patterns that no text meets",
      { allOf: [{ pattern: "^a" }, { pattern: "^b" }] },
      /No text can meet/,
    ],
    ["false", false, /No text can meet/],
    ["an integer beyond those written", { type: "integer", minimum: 1e30 }, /more digits/],
    ["an integer above the largest", { exclusiveMinimum: 1e19, type: "integer" }, /more digits/],
    ["an integer below the least", { type: "integer", maximum: -1e30 }, /more digits/],
    ["no integer", { type: "integer", exclusiveMinimum: Number.MAX_VALUE }, /more digits/],
    ["a range without numbers", { type: "integer", minimum: 3, maximum: 2 }, /No text can meet/],
    [
      "a range between two integers",
      { type: "integer", exclusiveMinimum: 1, exclusiveMaximum: 2 },
      /No text can meet/,
    ],
    ["lengths out of order", { type: "string", minLength: 3, maxLength: 2 }, /No text can meet/],
    [
      "a required name that is excluded",
      { type: "object", required: ["a"], additionalProperties: false },
      /No text can meet/,
    ],
    ["a required value that is none", object({ a: false }), /No text can meet/],
    ["a value that requires itself", object({ a: { $ref: "#" } }), /No text can meet/],
    ["a reference to itself", { $ref: "#" }, /No text can meet/],
    [
      "a reference to itself with more",
      { $ref: "#", type: "object" },
      /without an end|both have|deep/,
    ],
    ["nothing in common", { allOf: [{ type: "string" }, { type: "integer" }] }, /No text can meet/],
    [
      "depth",
      Array.from({ length: 200 }).reduce<unknown>((it) => ({ items: it }), {}),
      /nested more than/,
    ],
    ["more than is counted", { type: "string", minLength: 1e6 }, /longest that is counted/],
    [
      "states without measure",
      {
        type: "array",
        items: {
          type: "array",
          items: {
            type: "array",
            prefixItems: Array.from({ length: 90 }, () => ({ type: "string", maxLength: 30_000 })),
          },
        },
      },
      /too large/,
    ],
  ])("%s", (_what, schema, message) => {
    let thrown: unknown;
    try {
      walker.open({ type: "json-schema", schema: schema as JsonSchema });
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toMatch(message);
    expect(isAppError(thrown) && [thrown.code, thrown.param]).toEqual([
      "invalid-request",
      "grammar",
    ]);
  });
});

describe("large schemas", () => {
  test("of thousands of properties, items and references are read", () => {
    const names = Array.from({ length: 5_000 }, (_, index) => `p${index}`);
    const wide = object(Object.fromEntries(names.map((name) => [name, { type: "null" }])), {
      required: ["p4999"],
    });
    expect(accepts(wide, '{"p4999":null}')).toBe(true);
    expect(accepts(wide, '{"p3":null,"p70":null,"p4999":null}')).toBe(true);
    expect(accepts(wide, '{"p3":null,"p2":null,"p4999":null}')).toBe(false);
    const long = {
      type: "array",
      prefixItems: names.map(() => ({ type: "null" })),
      minItems: 5_000,
      items: false,
    };
    expect(accepts(long, JSON.stringify(names.map(() => null)))).toBe(true);
    const $defs = Object.fromEntries(
      names.map((name, index) => [
        name,
        index === 0
          ? { type: "null" }
          : { type: "array", items: { $ref: `#/$defs/p${index - 1}` }, minItems: 1 },
      ]),
    );
    expect(
      accepts({ $defs, $ref: "#/$defs/p4999" }, `${"[".repeat(4999)}null${"]".repeat(4999)}`),
    ).toBe(true);
    expect(accepts({ enum: names }, '"p4321"')).toBe(true);
  });

  test.each<[string, JsonSchema, RegExp]>([
    [
      "combined at each level",
      {
        $defs: Object.fromEntries(
          Array.from({ length: 60 }, (_, index) => [
            `d${index}`,
            index === 59
              ? { type: "string" }
              : {
                  anyOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }],
                  minLength: index,
                },
          ]),
        ),
        $ref: "#/$defs/d0",
      },
      /more than 20000 parts/,
    ],
    [
      "with hundreds of alternatives that exclude each other",
      { oneOf: Array.from({ length: 300 }, (_, index) => ({ const: index })) },
      /256 alternatives/,
    ],
    [
      "with a name without end",
      { type: "object", properties: { ["x".repeat(100_000)]: {} } },
      /longer than 256/,
    ],
  ])("%s are refused in time", (_what, schema, message) => {
    expect(() =>
      new GrammarShelf(createVocabulary(testVocabulary().table)).get(
        JSON.stringify({ type: "json-schema", schema }),
      ),
    ).toThrow(message);
  });

  test("that say the same twice at each level do not double", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `d${index}`,
        index === 39
          ? { type: "integer" }
          : { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
      ]),
    );
    expect(accepts({ $defs, $ref: "#/$defs/d0" }, "12")).toBe(true);
  });
});

test("annotations pass", () => {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://example.org/x",
    title: "T",
    description: "D",
    type: "integer",
    default: 3,
    examples: [1],
    $comment: "c",
    deprecated: true,
    "x-order": 1,
  };
  expectTexts(schema, { takes: ["1"], leaves: ['"a"'] });
});
