import { Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import addFormats from "ajv-formats";
import type { Random } from "@/lib/util/random";
import type { JsonSchema } from "./grammar";

/** Schemas and expressions drawn by seed, and who judges what is made by them. For tests. */

/** One for all, since it takes longer to make than a schema to compile. */
const AJV = new Ajv2020({ strict: false });
addFormats.default(AJV);

/** `ajv`, of the newest draft and with formats. */
export function validatorOf(schema: JsonSchema): ValidateFunction {
  return AJV.compile(schema);
}

export function pick<T>(from: readonly T[], random: Random): T {
  return from[below(from.length, random)] as T; // `below` stays within the list.
}

export function below(count: number, random: Random): number {
  return Math.floor(random() * count);
}

const NAMES = ["a", "name", "id", "ab", "é", 'q"', "kind", "value", "a/b", "long name"];
const PATTERNS = [
  "^[a-z]{2,4}$",
  "foo|bar",
  "^\\d+(\\.\\d{2})?$",
  "[^a-z]",
  "^.{0,3}$",
  "\\\\",
  "^(é|日)*x?$",
  "^\\S+@\\S+$",
];
/** Each is met by some text of each format. */
const WIDE_PATTERNS = ["[^a-z]|a", "^\\S+$", "\\w$", "^.{0,60}$", "[a-zP]|\\d"];
const FORMATS = [
  "date",
  "time",
  "date-time",
  "duration",
  "uuid",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uri",
];

function makeString(random: Random): JsonSchema {
  const kind = below(7, random);
  if (kind === 0) return { type: "string" };
  if (kind === 1)
    return { type: "string", minLength: below(3, random), maxLength: 2 + below(30, random) };
  if (kind === 2) return { type: "string", pattern: pick(PATTERNS, random) };
  if (kind === 3) return { type: "string", format: pick(FORMATS, random) };
  const lengths = { minLength: below(4, random), maxLength: 4 + below(60, random) };
  if (kind === 4) return { type: "string", pattern: pick(PATTERNS, random), ...lengths };
  if (kind === 5)
    return {
      type: "string",
      allOf: [{ pattern: pick(WIDE_PATTERNS, random) }, { format: pick(FORMATS, random) }],
      pattern: pick(WIDE_PATTERNS, random),
    };
  return { enum: ["x", "y z", "\n", 'é"'].slice(0, 1 + below(4, random)) };
}

function makeNumber(random: Random): JsonSchema {
  const value = () =>
    Math.round((random() - 0.5) * 10 ** (1 + below(7, random))) / 10 ** below(4, random);
  const [low, high] = [value(), value()].sort((a, b) => a - b) as [number, number];
  const min = pick([{}, { minimum: low }, { exclusiveMinimum: low }], random);
  const max = pick([{}, { maximum: high + 1 }, { exclusiveMaximum: high + 1 }], random);
  return { type: pick(["integer", "number"], random), ...min, ...max };
}

function makeSchema(random: Random, depth: number): JsonSchema {
  const kind = below(depth > 0 ? 12 : 6, random);
  if (kind < 2) return makeString(random);
  if (kind < 4) return makeNumber(random);
  if (kind === 4)
    return pick<JsonSchema>(
      [{ type: "null" }, { type: "boolean" }, { const: { a: [1, "é"] } }, {}, true],
      random,
    );
  if (kind === 5)
    return {
      type: pick<unknown>(
        ["string", ["integer", "null"], ["boolean", "string"], "object", "array"],
        random,
      ),
    };
  const next = () => makeSchema(random, depth - 1);
  if (kind < 9) {
    const names = NAMES.filter(() => random() < 0.35);
    const extra = random() < 0.2 ? ["zz"] : [];
    return {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, next()])),
      required: [...names.filter(() => random() < 0.6), ...extra],
      ...pick<object>(
        [
          {},
          { additionalProperties: random() < 0.1 || extra.length > 0 },
          { additionalProperties: extra.length === 0 ? false : next() },
          { additionalProperties: next() },
        ],
        random,
      ),
    };
  }
  if (kind === 9) {
    const min = below(3, random);
    return {
      type: "array",
      items: next(),
      minItems: min,
      ...(random() < 0.5 ? { maxItems: min + below(4, random) } : {}),
    };
  }
  if (kind === 10) {
    return {
      type: "array",
      prefixItems: [next(), next()],
      minItems: below(3, random),
      ...(random() < 0.5 ? { items: random() < 0.5 ? false : next() } : {}),
    };
  }
  return pick<() => JsonSchema>(
    [
      () => ({ anyOf: [next(), next(), next()] }),
      () => ({
        allOf: [
          { type: "object", properties: { a: next() } },
          { properties: { b: next() }, required: ["b"] },
        ],
      }),
      () => ({
        oneOf: [{ type: "string" }, { type: "integer" }, { type: "array", items: next() }],
      }),
      () => ({ $ref: "#/$defs/tree" }),
    ],
    random,
  )();
}

/** A schema. Each has the definition that some of its parts may refer to. */
export function makeRoot(random: Random): JsonSchema {
  const schema = makeSchema(random, 3);
  const tree = {
    type: "object",
    properties: {
      value: makeSchema(random, 0),
      next: { anyOf: [{ type: "null" }, { $ref: "#/$defs/tree" }] },
    },
    required: ["next"],
    additionalProperties: false,
  };
  return typeof schema === "boolean" ? schema : { ...schema, $defs: { tree } };
}

/** A regular expression. */
export function makeRegex(random: Random, depth: number): string {
  const kind = below(depth > 0 ? 9 : 4, random);
  if (kind < 2) return pick(["a", "b", "é", "日", "\\n", " ", "x", "\\.", "foo"], random);
  if (kind < 4)
    return pick(["[a-c]", "[^a]", ".", "\\d", "\\w", "\\S", "[é日]", "\\p{Lu}"], random);
  const next = () => makeRegex(random, depth - 1);
  if (kind < 6) return next() + next() + next();
  if (kind === 6) return `(?:${next()}|${next()})`;
  return `(${next()})${pick(["*", "+", "?", "{2}", "{0,3}", "{1,}", "*?"], random)}`;
}
