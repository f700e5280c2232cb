import type { JsonSchema } from "./grammar";

/** A schema that is no boolean. */
export type SchemaObject = { readonly [key: string]: unknown };

export type JsonType = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";

/** "integer" is no type of its own, but the numbers without a fraction. */
export const JSON_TYPES: readonly JsonType[] = [
  ...(["null", "boolean", "number", "string", "array", "object"] as const),
  "integer",
];

/** Keywords that say nothing of what is valid (JSON Schema 2020-12 Validation, section 9), and where definitions are kept. */
const ANNOTATIONS = new Set([
  ...["$schema", "$id", "id", "$comment", "$defs", "definitions", "$anchor"],
  ...["title", "description", "default", "examples", "example", "deprecated", "readOnly"],
  ...["writeOnly", "contentEncoding", "contentMediaType", "contentSchema"],
  // OpenAPI's hint for readers: which alternative a value is of is said by the alternatives themselves.
  "discriminator",
]);

/** Keyword → the type it says something of. */
const BY_TYPE: Readonly<Record<string, JsonType>> = {
  minLength: "string",
  maxLength: "string",
  pattern: "string",
  format: "string",
  minimum: "number",
  maximum: "number",
  exclusiveMinimum: "number",
  exclusiveMaximum: "number",
  multipleOf: "number",
  properties: "object",
  required: "object",
  additionalProperties: "object",
  patternProperties: "object",
  propertyNames: "object",
  minProperties: "object",
  maxProperties: "object",
  unevaluatedProperties: "object",
  items: "array",
  prefixItems: "array",
  minItems: "array",
  maxItems: "array",
  uniqueItems: "array",
  unevaluatedItems: "array",
};

const GENERAL = new Set(["type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"]);

/** What is known and cannot be guaranteed, with what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  not: "say what is allowed instead",
  if: "use anyOf with each case written out",
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, never awaited.
  then: "use anyOf with each case written out",
  else: "use anyOf with each case written out",
  contains: "say in items what every item is",
  minContains: "say in items what every item is",
  maxContains: "say in items what every item is",
  dependentRequired: "use anyOf with each case written out",
  dependentSchemas: "use anyOf with each case written out",
  dependencies: "use anyOf with each case written out",
  additionalItems: "use prefixItems and items",
  $dynamicRef: "use $ref",
  $dynamicAnchor: "use $ref",
  $recursiveRef: "use $ref",
  $recursiveAnchor: "use $ref",
  $vocabulary: "leave it out",
  nullable: 'add "null" to type',
};

/** Why `keyword` cannot be taken; undefined when it can. */
export function refusalOf(keyword: string): string | undefined {
  if (ANNOTATIONS.has(keyword) || GENERAL.has(keyword) || Object.hasOwn(BY_TYPE, keyword)) {
    return undefined;
  }
  if (keyword.startsWith("x-")) return undefined;
  const remedy = Object.hasOwn(REFUSED, keyword) ? REFUSED[keyword] : undefined;
  return remedy === undefined
    ? `The keyword "${keyword}" is not known; leave it out.`
    : `The keyword "${keyword}" cannot be guaranteed; ${remedy}.`;
}

export function isConstraint(keyword: string): boolean {
  return GENERAL.has(keyword) || Object.hasOwn(BY_TYPE, keyword);
}

/** The types that a schema without `type` speaks of. */
export function impliedTypes(schema: SchemaObject): JsonType[] {
  const found = Object.keys(schema).flatMap(
    (key) => (Object.hasOwn(BY_TYPE, key) ? BY_TYPE[key] : undefined) ?? [],
  );
  return [...new Set(found)];
}

export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "boolean" || isSchemaObject(value);
}

export function typeOfJson(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "string" || typeof value === "boolean") return typeof value as JsonType;
  return "object";
}

/** Whether a value of the first type is one of the second. */
export function isOfType(has: JsonType, asked: JsonType): boolean {
  return has === asked || (has === "integer" && asked === "number");
}

/** Equal texts for equal values, whatever the order of their properties. */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    isSchemaObject(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
