import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "./grammar";
import {
  isConstraint,
  isOfType,
  isSchemaObject,
  type JsonType,
  type SchemaObject,
  toCanonicalJson,
} from "./schema-keywords";

/** Two schemas that say of one thing what no third can say. */
export class UnmergeableError extends Error {}

/** What two schemas both say of a text with one keyword (`pattern`, `format`), where a schema has place for one. */
export class AllOfValues {
  readonly values: readonly unknown[];

  constructor(values: readonly unknown[]) {
    this.values = values;
  }
}

/**
 * One schema that takes what both take. Where a pair of subschemas speaks of one value, they are left
 * side by side in an `allOf`, to be merged when their turn comes, so that recursive schemas are no
 * matter.
 *
 * @throws UnmergeableError that names the keyword.
 */
export function mergeSchemas(a: JsonSchema, b: JsonSchema): JsonSchema {
  if (a === true || b === true) return a === true ? b : a;
  if (isDeepStrictEqual(a, b)) return a;
  if (!isSchemaObject(a) || !isSchemaObject(b)) return false;
  const merged: Record<string, unknown> = { ...mergeObjects(a, b), ...mergeArrays(a, b) };
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    if (Object.hasOwn(merged, key) || !isConstraint(key) || MERGED_TOGETHER.has(key)) continue;
    merged[key] = mergeValues(key, a[key], b[key]);
  }
  if (Array.isArray(merged.enum) && merged.enum.length === 0) return false;
  if (Array.isArray(merged.type) && merged.type.length === 0) return false;
  return merged;
}

const MERGED_TOGETHER = new Set([
  ...["properties", "additionalProperties", "unevaluatedProperties", "patternProperties"],
  ...["propertyNames", "items", "prefixItems", "unevaluatedItems"],
]);
const LARGER = new Set(["minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties"]);
const SMALLER = new Set(["maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties"]);

function mergeValues(key: string, a: unknown, b: unknown): unknown {
  if (a === undefined || b === undefined || isDeepStrictEqual(a, b)) return a === undefined ? b : a;
  if (LARGER.has(key)) return Math.max(Number(a), Number(b));
  if (SMALLER.has(key)) return Math.min(Number(a), Number(b));
  if (key === "required") return [...new Set([a, b].flat())];
  if (key === "type") return mergeTypes([a].flat(), [b].flat());
  if (key === "enum" && Array.isArray(a) && Array.isArray(b)) {
    const texts = new Set(b.map(toCanonicalJson));
    return a.filter((one) => texts.has(toCanonicalJson(one)));
  }
  if (key === "uniqueItems") return true;
  if (key === "pattern" || key === "format") {
    const values = [a, b].flatMap((it) => (it instanceof AllOfValues ? it.values : [it]));
    return new AllOfValues([...new Set(values)]);
  }
  if (key === "allOf" && Array.isArray(a) && Array.isArray(b)) {
    // Once each: schemas that refer to the same ones in both would otherwise double at every level.
    return [...new Map([...a, ...b].map((it) => [toCanonicalJson(it), it])).values()];
  }
  throw new UnmergeableError(key);
}

function mergeTypes(a: unknown[], b: unknown[]): unknown[] {
  // A caller's text that is no type is told as such when the merged schema is read.
  const narrower = (from: unknown[], to: unknown[]) =>
    from.filter((one) => to.some((other) => isOfType(one as JsonType, other as JsonType)));
  return [...new Set([...narrower(a, b), ...narrower(b, a)])];
}

function mergeObjects(a: SchemaObject, b: SchemaObject): SchemaObject {
  const speaks = (it: SchemaObject) =>
    [
      "properties",
      "additionalProperties",
      "unevaluatedProperties",
      "patternProperties",
      "propertyNames",
    ].some((key) => it[key] !== undefined);
  if (!speaks(a) || !speaks(b)) return pick(speaks(a) ? a : b, OBJECT_KEYWORDS);
  for (const key of ["patternProperties", "propertyNames", "unevaluatedProperties"]) {
    if (a[key] !== undefined || b[key] !== undefined) throw new UnmergeableError(key);
  }
  const inA = isSchemaObject(a.properties) ? a.properties : {};
  const inB = isSchemaObject(b.properties) ? b.properties : {};
  const openA = a.additionalProperties ?? true;
  const openB = b.additionalProperties ?? true;
  const names = [...new Set([...Object.keys(inA), ...Object.keys(inB)])];
  const own = (from: SchemaObject, name: string, otherwise: unknown) =>
    Object.hasOwn(from, name) ? from[name] : otherwise;
  return {
    properties: Object.fromEntries(
      names.map((name) => [name, both(own(inA, name, openA), own(inB, name, openB))]),
    ),
    additionalProperties: both(openA, openB),
  };
}

const OBJECT_KEYWORDS = [
  ...["properties", "additionalProperties", "unevaluatedProperties"],
  ...["patternProperties", "propertyNames"],
];
const ARRAY_KEYWORDS = ["items", "prefixItems", "unevaluatedItems"];

function mergeArrays(a: SchemaObject, b: SchemaObject): SchemaObject {
  const speaks = (it: SchemaObject) => ARRAY_KEYWORDS.some((key) => it[key] !== undefined);
  if (!speaks(a) || !speaks(b)) return pick(speaks(a) ? a : b, ARRAY_KEYWORDS);
  for (const key of ["prefixItems", "unevaluatedItems"]) {
    if (a[key] !== undefined || b[key] !== undefined) throw new UnmergeableError(key);
  }
  return { items: both(a.items, b.items) };
}

function both(a: unknown, b: unknown): unknown {
  if (a === true || isDeepStrictEqual(a, b)) return b;
  if (b === true) return a;
  return a === false || b === false ? false : { allOf: [a, b] };
}

function pick(from: SchemaObject, keys: readonly string[]): SchemaObject {
  return Object.fromEntries(
    keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])),
  );
}
