import type { JsonSchema } from "./grammar";
import {
  isOfType,
  isSchemaObject,
  JSON_TYPES,
  type JsonType,
  type SchemaObject,
  toCanonicalJson,
  typeOfJson,
} from "./schema-keywords";

/** Properties within properties looked into. */
const DEPTH_MAX = 4;

/**
 * Whether surely no value is valid under both: by their types, by the values they list, or by a
 * property that both require. `inline` gives what a reference stands for.
 */
export function areDisjoint(
  a: JsonSchema,
  b: JsonSchema,
  inline: (schema: JsonSchema) => JsonSchema,
  depth = 0,
): boolean {
  const one = inline(a);
  const other = inline(b);
  if (one === false || other === false) return true;
  if (!isSchemaObject(one) || !isSchemaObject(other) || depth > DEPTH_MAX) return false;
  const valuesA = listedIn(one);
  const valuesB = listedIn(other);
  if (valuesA && valuesB) {
    const texts = new Set(valuesB.map(toCanonicalJson));
    return !valuesA.some((value) => texts.has(toCanonicalJson(value)));
  }
  const common = commonTypes(typesOf(one, valuesA), typesOf(other, valuesB));
  if (common.length === 0) return true;
  if (common.some((type) => type !== "object")) return false;
  return differInProperty(one, other, (x, y) => areDisjoint(x, y, inline, depth + 1));
}

function listedIn(schema: SchemaObject): unknown[] | undefined {
  if (Object.hasOwn(schema, "const")) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

function typesOf(schema: SchemaObject, values: unknown[] | undefined): JsonType[] {
  if (values) return values.map(typeOfJson);
  if (schema.type === undefined) return [...JSON_TYPES];
  const types: unknown[] = [schema.type].flat();
  return JSON_TYPES.filter((type) => types.includes(type));
}

function commonTypes(a: readonly JsonType[], b: readonly JsonType[]): JsonType[] {
  return a.filter((one) => b.some((other) => isOfType(one, other) || isOfType(other, one)));
}

function differInProperty(
  a: SchemaObject,
  b: SchemaObject,
  areApart: (a: JsonSchema, b: JsonSchema) => boolean,
): boolean {
  const inA = isSchemaObject(a.properties) ? a.properties : {};
  const inB = isSchemaObject(b.properties) ? b.properties : {};
  const neededA = requiredIn(a);
  const neededB = requiredIn(b);
  const isMissing = (needed: string[], schema: SchemaObject, own: SchemaObject) =>
    schema.additionalProperties === false &&
    schema.patternProperties === undefined &&
    needed.some((name) => !Object.hasOwn(own, name));
  if (isMissing(neededA, b, inB) || isMissing(neededB, a, inA)) return true;
  return neededA.some((name) => {
    if (!neededB.includes(name) || !Object.hasOwn(inA, name) || !Object.hasOwn(inB, name))
      return false;
    // Whatever else it is, areDisjoint takes it for a schema that says nothing.
    return areApart(inA[name] as JsonSchema, inB[name] as JsonSchema);
  });
}

function requiredIn(schema: SchemaObject): string[] {
  return Array.isArray(schema.required) ? schema.required.map(String) : [];
}
