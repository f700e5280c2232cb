import { GRAMMAR_REPETITIONS_MAX } from "@/lib/limits";
import {
  apart,
  CHAIN_LENGTH,
  type Expression,
  NEVER,
  NOTHING,
  oneOf,
  optional,
  repeat,
  sequence,
  text,
} from "./expression";
import { findMatched } from "./find-matched";
import { COLON, COMMA, JSON_STRING, keyOtherThan, toJsonText } from "./json-text";
import { isSchemaObject, type SchemaObject } from "./schema-keywords";
import type { Place, SchemaReader } from "./schema-reader";
import { readString } from "./schema-strings";

/** Each character of a name is a place at which another name may turn off. */
const NAME_CHARACTERS_MAX = 256;

/** A property by its name, in the order of the schema. */
type Property = { member: Expression; isRequired: boolean };

/** Further properties; none where `member` is NEVER. */
type Others = { member: Expression; min: number; max: number };

export function readObject(reader: SchemaReader, asked: SchemaObject, place: Place): Expression {
  const schema = withListedNames(reader, asked, place);
  const properties = propertiesOf(reader, schema, place);
  const isImpossible = properties.some((it) => it.isRequired && it.member === NEVER);
  const others = othersOf(reader, schema, { place, properties });
  if (isImpossible || others === undefined) return NEVER;
  return sequence(text("{"), membersOf(properties, others), text("}"));
}

/** Names that `propertyNames` lists, as an enum's are for a record by them, are properties, and there are no others. */
function withListedNames(reader: SchemaReader, schema: SchemaObject, place: Place): SchemaObject {
  const { propertyNames, properties, ...rest } = schema;
  const at = reader.below(place, "propertyNames");
  const listed = reader.listedIn(propertyNames, at);
  if (!listed || schema.patternProperties !== undefined) return schema;
  const needed: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  const isCounted = (schema.minProperties ?? schema.maxProperties) !== undefined;
  // So many of them, whichever, are counted as further properties, and not as properties one by one.
  if (isCounted && properties === undefined && needed.length === 0) return schema;
  const own = isSchemaObject(properties) ? properties : {};
  const otherwise = schema.additionalProperties ?? schema.unevaluatedProperties ?? true;
  const names = listed.filter((it) => typeof it === "string");
  return {
    ...rest,
    properties: Object.fromEntries(
      names.map((name) => [name, Object.hasOwn(own, name) ? own[name] : otherwise]),
    ),
    additionalProperties: false,
  };
}

function propertiesOf(reader: SchemaReader, schema: SchemaObject, place: Place): Property[] {
  const { properties = {}, required = [] } = schema;
  if (!isSchemaObject(properties))
    throw reader.fail(place, "has to be an object of schemas", "properties");
  if (!Array.isArray(required) || required.some((it) => typeof it !== "string")) {
    throw reader.fail(place, "has to be a list of names", "required");
  }
  const needed = new Set<string>(required);
  const long = [...needed, ...Object.keys(properties)].find(
    (it) => it.length > NAME_CHARACTERS_MAX,
  );
  if (long !== undefined) {
    throw reader.fail(place, `has a property whose name is longer than ${NAME_CHARACTERS_MAX}`);
  }
  const otherwise = schema.additionalProperties ?? schema.unevaluatedProperties ?? true;
  const listed = Object.keys(properties).map((name) => {
    const at = reader.below(place, "properties", name);
    const value = reader.toExpression(properties[name], at);
    return { member: memberOf(toJsonText(name), value), isRequired: needed.has(name) };
  });
  // Required though not described: what holds of further properties holds of it.
  const unlisted = [...needed].filter((name) => !Object.hasOwn(properties, name));
  if (unlisted.length > 0 && (schema.patternProperties ?? schema.propertyNames) !== undefined) {
    throw reader.fail(
      place,
      "has names that are not in properties, beside patternProperties or propertyNames; describe them in properties",
      "required",
    );
  }
  const value =
    unlisted.length > 0
      ? reader.toExpression(otherwise, reader.below(place, "additionalProperties"))
      : NEVER;
  return [
    ...listed,
    ...unlisted.map((name) => ({ member: memberOf(toJsonText(name), value), isRequired: true })),
  ];
}

/** @returns undefined where no count of properties is right. */
function othersOf(
  reader: SchemaReader,
  schema: SchemaObject,
  { place, properties }: { place: Place; properties: readonly Property[] },
): Others | undefined {
  const min = reader.countOf(schema, "minProperties", place) ?? 0;
  const max = reader.countOf(schema, "maxProperties", place) ?? Number.POSITIVE_INFINITY;
  const requiredCount = properties.filter((it) => it.isRequired).length;
  const possibleCount = properties.filter((it) => it.member !== NEVER).length;
  const member = otherMemberOf(reader, schema, place);
  const isOpen = member !== NEVER;
  if (max < Math.max(min, requiredCount) || (!isOpen && min > possibleCount)) return undefined;
  if (possibleCount > max) {
    throw reader.fail(
      place,
      "is less than there are properties, which cannot be counted; leave properties out",
      "maxProperties",
    );
  }
  if (min <= requiredCount) {
    return {
      member,
      min: 0,
      max: Math.min(
        max - possibleCount,
        max === Number.POSITIVE_INFINITY ? max : GRAMMAR_REPETITIONS_MAX,
      ),
    };
  }
  // A further name may come twice and count once, so that only the first of them is sure to add one.
  if (isOpen && possibleCount === requiredCount && min === requiredCount + 1) {
    return {
      member,
      min: 1,
      max:
        max === Number.POSITIVE_INFINITY
          ? max
          : Math.min(max - possibleCount, GRAMMAR_REPETITIONS_MAX),
    };
  }
  throw reader.fail(
    place,
    "is more than there are required properties, which cannot be counted; name them in required",
    "minProperties",
  );
}

function otherMemberOf(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const { properties, patternProperties, propertyNames } = schema;
  const names = [
    ...(isSchemaObject(properties) ? Object.keys(properties) : []),
    ...(Array.isArray(schema.required) ? schema.required.map(String) : []),
  ];
  const keyword =
    schema.additionalProperties === undefined && schema.unevaluatedProperties !== undefined
      ? "unevaluatedProperties"
      : "additionalProperties";
  const rest = schema[keyword] ?? true;
  if (patternProperties !== undefined) return patternMemberOf(reader, schema, { place, names });
  const value = reader.toExpression(rest, reader.below(place, keyword));
  if (propertyNames !== undefined) {
    if (names.length > 0)
      throw reader.fail(place, "stands beside properties; leave one of them out", "propertyNames");
    return memberOf(namesOf(reader, propertyNames, reader.below(place, "propertyNames")), value);
  }
  // Names are only told apart from others where there may be others.
  if (value === NEVER) return NEVER;
  return memberOf(names.length > 0 ? keyOtherThan(names) : JSON_STRING, value);
}

function namesOf(reader: SchemaReader, schema: unknown, place: Place): Expression {
  if (!isSchemaObject(schema)) return schema === false ? NEVER : JSON_STRING;
  const only = { ...schema, type: "string" };
  // A name is a string whatever else the schema takes.
  if (schema.type !== undefined && schema.type !== "string") return NEVER;
  return Object.keys(schema).length === 0 ? JSON_STRING : reader.toExpression(only, place);
}

/** Names of one pattern, and no others: of two patterns a name might meet both. */
function patternMemberOf(
  reader: SchemaReader,
  schema: SchemaObject,
  { place, names }: { place: Place; names: readonly string[] },
): Expression {
  const { patternProperties, propertyNames } = schema;
  const isClosed = (schema.additionalProperties ?? schema.unevaluatedProperties) === false;
  const patterns = isSchemaObject(patternProperties) ? Object.keys(patternProperties) : [];
  const [pattern] = patterns;
  if (
    !isSchemaObject(patternProperties) ||
    !isClosed ||
    patterns.length > 1 ||
    propertyNames !== undefined
  ) {
    throw reader.fail(
      place,
      "can be guaranteed only for a single pattern, with additionalProperties false and without propertyNames",
      "patternProperties",
    );
  }
  if (pattern === undefined) return NEVER;
  const at = reader.below(place, "patternProperties", pattern);
  const key = readString(reader, { pattern }, at);
  const matched = findMatched(
    key,
    names.map((name) => JSON.stringify(name)),
  );
  if (matched !== undefined) {
    throw reader.fail(
      place,
      `has a pattern that the property ${matched} meets too, which cannot be guaranteed`,
      "patternProperties",
    );
  }
  return memberOf(key, reader.toExpression(patternProperties[pattern], at));
}

function memberOf(key: Expression, value: Expression): Expression {
  return value === NEVER || key === NEVER ? NEVER : sequence(key, COLON, value);
}

/**
 * Members in the order of the schema, with commas between those that are there. Built from the last to
 * the first, once for "nothing written yet" and once for "something is", and shared, so that the size
 * is linear.
 */
function membersOf(properties: readonly Property[], others: Others): Expression {
  const { member, min, max } = others;
  const isOpen = member !== NEVER && max > 0;
  const further = sequence(COMMA, member);
  let afterOne: Expression = isOpen ? repeat(further, min, max) : NOTHING;
  const list = sequence(member, repeat(further, Math.max(0, min - 1), max - 1));
  let atStart: Expression = isOpen ? (min > 0 ? list : optional(list)) : NOTHING;
  for (const [index, property] of [...properties].reverse().entries()) {
    if (property.member === NEVER) continue;
    if (index % CHAIN_LENGTH === CHAIN_LENGTH - 1) {
      afterOne = apart(afterOne);
      atStart = apart(atStart);
    }
    const begins = sequence(property.member, afterOne);
    const follows = sequence(COMMA, property.member, afterOne);
    atStart = property.isRequired ? begins : oneOf([begins, atStart]);
    afterOne = property.isRequired ? follows : oneOf([follows, afterOne]);
  }
  return atStart;
}
