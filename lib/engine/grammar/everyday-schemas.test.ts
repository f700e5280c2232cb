/**
 * Goal: what libraries write for everyday types can be answered under, and what is answered is valid.
 * Method: schemas by zod and as pydantic 2 prints them; tokens drawn from the masks at random, three
 * ways. `ajv` with formats judges, and zod itself. What is refused is listed here by name. The seed is printed.
 */
import { Ajv2020 } from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { seededRandom } from "@/lib/util/random";
import type { GrammarSpec, JsonSchema } from "./grammar";
import { GrammarWalker, testVocabulary } from "./testing";

const seed = Math.floor(Math.random() * 1e9);
process.stdout.write(`everyday schemas: seed ${seed}\n`);
const walker = new GrammarWalker(testVocabulary());
const random = seededRandom(seed);
// Formats of a library's own are nobody's to check, and no reason to warn.
const ajv = new Ajv2020({ strict: false, logger: false });
addFormats.default(ajv);

const WALKS = [
  { tokensMax: 150, endShare: 0.02 },
  { tokensMax: 30, endShare: 0.3 },
  { tokensMax: 0, endShare: 1 },
];

function expectMet(schema: JsonSchema, isMet: (value: unknown) => boolean = () => true): void {
  const spec: GrammarSpec = { type: "json-schema", schema };
  const validate = ajv.compile(schema);
  for (const limits of WALKS) {
    const { text, isFinished } = walker.walk(spec, random, limits);
    expect([text, isFinished]).toEqual([text, true]);
    const value: unknown = JSON.parse(text);
    expect([text, validate(value), isMet(value)]).toEqual([text, true, true]);
  }
}

const ZOD: Record<string, z.ZodType> = {
  email: z.email(),
  "email of at most 100": z.email().max(100),
  uuid: z.uuid(),
  "uuid 4": z.uuidv4(),
  guid: z.guid(),
  date: z.iso.date(),
  time: z.iso.time(),
  "date and time": z.iso.datetime(),
  "date and time with offset": z.iso.datetime({ offset: true }),
  "date and time of three digits": z.iso.datetime({ precision: 3 }),
  "date and local time": z.iso.datetime({ local: true }),
  duration: z.iso.duration(),
  "ipv4 or ipv6": z.union([z.ipv4(), z.ipv6()]),
  cidrv4: z.cidrv4(),
  cidrv6: z.cidrv6(),
  mac: z.mac(),
  base64: z.base64(),
  "base64 of at most 40": z.base64().max(40),
  base64url: z.base64url(),
  url: z.url(),
  hostname: z.hostname(),
  cuid2: z.cuid2(),
  ulid: z.ulid(),
  nanoid: z.nanoid(),
  e164: z.e164(),
  emoji: z.emoji(),
  "hash of hexadecimal digits": z.hash("sha256"),
  "starts and ends with": z.string().startsWith('"a').endsWith("\\b"),
  includes: z.string().includes("x.y"),
  "includes, within lengths": z.string().includes("x").min(2).max(20),
  "lower case within lengths": z.string().lowercase().min(3).max(30),
  "pattern within a length": z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .max(20),
  "two patterns": z
    .string()
    .regex(/^[a-z\d]+$/)
    .regex(/\d{3}/)
    .max(10),
  "template literal": z.templateLiteral(["a", z.number(), "px"]),
  int32: z.int32(),
  nullable: z.object({ mail: z.email().nullable(), on: z.iso.date().optional() }),
  "discriminated union": z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("a"), count: z.int() }),
    z.object({ kind: z.literal("b"), at: z.iso.datetime() }),
  ]),
  tuple: z.tuple([z.uuid(), z.number()]),
  record: z.record(z.string(), z.email()),
  "record of all names": z.record(z.enum(["a", "b"]), z.email()),
  "record of some names": z.partialRecord(z.enum(["a", "b"]), z.number()),
};

describe("zod", () => {
  for (const [name, type] of Object.entries(ZOD)) {
    test(name, () => {
      const schema = z.toJSONSchema(type) as JsonSchema; // An object, as every schema that zod writes.
      expectMet(schema, (value) => type.safeParse(value).success);
    });
  }
});

const PYDANTIC: Record<string, JsonSchema> = {
  HttpUrl: { type: "string", format: "uri", minLength: 1, maxLength: 2083 },
  "a short AnyUrl": { type: "string", format: "uri", minLength: 12, maxLength: 40 },
  EmailStr: { type: "string", format: "email", maxLength: 60 },
  Path: { type: "string", format: "path" },
  bytes: { type: "string", format: "binary", maxLength: 10 },
  Base64Bytes: { type: "string", format: "base64", maxLength: 30 },
  SecretStr: { type: "string", format: "password", writeOnly: true },
  IPvAnyAddress: { type: "string", format: "ipvanyaddress" },
  Decimal: {
    anyOf: [{ type: "number" }, { type: "string", pattern: "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$" }],
  },
  timedelta: { type: "string", format: "duration" },
  constr: { type: "string", pattern: "^\\w+( \\w+)*$", minLength: 2, maxLength: 64 },
  "discriminated union": {
    $defs: {
      Cat: {
        type: "object",
        properties: {
          pet: { const: "cat", type: "string" },
          id: { type: "string", format: "uuid4" },
        },
        required: ["pet", "id"],
      },
      Dog: {
        type: "object",
        properties: { pet: { const: "dog", type: "string" } },
        required: ["pet"],
      },
    },
    type: "object",
    properties: {
      pet: {
        discriminator: { mapping: { cat: "#/$defs/Cat", dog: "#/$defs/Dog" }, propertyName: "pet" },
        oneOf: [{ $ref: "#/$defs/Cat" }, { $ref: "#/$defs/Dog" }],
      },
    },
    required: ["pet"],
  },
};

describe("pydantic", () => {
  for (const [name, schema] of Object.entries(PYDANTIC)) test(name, () => expectMet(schema));
});

test("items of an enum, none of them twice", () => {
  const colors = { $ref: "#/$defs/Color" };
  const unique = (values: readonly unknown[], more: object): JsonSchema & object => ({
    type: "array",
    items: colors,
    uniqueItems: true,
    $defs: { Color: { enum: values } },
    ...more,
  });
  const few = ["red", "green", 3, { a: 1, b: 2 }, { b: 2, a: 1 }];
  const many = Array.from({ length: 100 }, (_, index) => `c${index}`);
  for (const values of [few, many]) {
    expectMet(unique(values, {}));
    expectMet(unique(values, { minItems: 2, maxItems: 3 }));
    expectMet(unique(values, { minItems: values === few ? 4 : 100 }));
    const tooMany = unique(values, { minItems: 101 });
    expect(() => walker.open({ type: "json-schema", schema: tooMany })).toThrow("No text can meet");
  }
  const spec: GrammarSpec = { type: "json-schema", schema: unique(few, { maxItems: 2 }) };
  for (const text of ["[]", '["green", "red"]', '[3, "green"]', '[{"b":2,"a":1}]']) {
    expect([text, walker.accepts(spec, text)]).toEqual([text, true]);
  }
  for (const text of ['["red", "red"]', '[3, "green", "red"]', '[{"b":2,"a":1}, {"a":1,"b":2}]']) {
    expect([text, walker.accepts(spec, text)]).toEqual([text, false]);
  }
});

test.each<[string, JsonSchema, string]>([
  ["a set of texts", { type: "array", items: { type: "string" }, uniqueItems: true }, "of an enum"],
  ["look-ahead", { type: "string", pattern: "^(?=.*[A-Z]).{8,}$" }, "look-ahead"],
  ["an expression", { type: "string", format: "regex" }, "cannot be guaranteed"],
  ["multiples", z.toJSONSchema(z.number().multipleOf(5)) as JsonSchema, "multipleOf"],
])("refused: %s", (_, schema, reason) => {
  expect(() => walker.open({ type: "json-schema", schema })).toThrow(reason);
});

test("names that are listed elsewhere, beside properties of their own", () => {
  const schema = {
    type: "object",
    propertyNames: { $ref: "#/$defs/Name" },
    properties: { a: { type: "integer" }, z: true },
    additionalProperties: { type: "boolean" },
    required: ["b"],
    $defs: { Name: { enum: ["a", "b", "c"], type: "string" } },
  };
  expectMet(schema);
  const spec: GrammarSpec = { type: "json-schema", schema };
  expect(walker.accepts(spec, '{"a":1,"b":true}')).toBe(true);
  expect(walker.accepts(spec, '{"b":true,"z":1}')).toBe(false);
  expect(walker.accepts(spec, '{"a":1}')).toBe(false);
  const beyond = { ...schema, required: ["d"] };
  expect(() => walker.open({ type: "json-schema", schema: beyond })).toThrow("No text can meet");
  expectMet({
    type: "object",
    propertyNames: { enum: ["a", "b"] },
    minProperties: 1,
    maxProperties: 1,
  });
});

const FORMATS = [
  ...["url", "uri-reference", "uri-template", "iso-time", "iso-date-time", "json-pointer"],
  ...["json-pointer-uri-fragment", "relative-json-pointer", "byte"],
];

test.each(FORMATS)("the format %s, which ajv enforces", (format) => {
  expectMet({ type: "string", format });
});
