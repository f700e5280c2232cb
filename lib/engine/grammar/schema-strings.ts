import { GRAMMAR_REPETITIONS_MAX } from "@/lib/limits";
import { ANY_CHARACTER } from "./code-points";
import { characters, type Expression, NEVER, repeat } from "./expression";
import { JSON_CHARACTER, JSON_STRING, quoted, toJsonCharacters } from "./json-text";
import { parseRegex } from "./parse-regex";
import type { SchemaObject } from "./schema-keywords";
import type { Place, SchemaReader } from "./schema-reader";
import { STRING_FORMATS } from "./string-formats";
import { type LengthRange, withLength } from "./text-length";

/** A string with its quotes. */
export function readString(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const range = rangeOf(reader, schema, place);
  const pattern = patternOf(reader, schema, place);
  if (!range) return NEVER;
  if (pattern) return quoted(toJson(withinRange(reader, pattern, { range, place })));
  if (range.min === 0 && range.max === Number.POSITIVE_INFINITY) return JSON_STRING;
  return quoted(repeat(JSON_CHARACTER, range.min, counted(range.max)));
}

/** The same texts as they stand. */
export function readText(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const range = rangeOf(reader, schema, place);
  const pattern = patternOf(reader, schema, place);
  if (!range) return NEVER;
  if (pattern) return withinRange(reader, pattern, { range, place });
  return repeat(characters(ANY_CHARACTER), range.min, counted(range.max));
}

/** A bound beyond what is counted is met by any that is. */
function counted(max: number): number {
  return max === Number.POSITIVE_INFINITY ? max : Math.min(max, GRAMMAR_REPETITIONS_MAX);
}

/** @returns undefined where no length is right. */
function rangeOf(
  reader: SchemaReader,
  schema: SchemaObject,
  place: Place,
): LengthRange | undefined {
  const min = reader.countOf(schema, "minLength", place) ?? 0;
  const max = reader.countOf(schema, "maxLength", place);
  if (min > GRAMMAR_REPETITIONS_MAX) {
    throw reader.fail(
      place,
      `is more than ${GRAMMAR_REPETITIONS_MAX}, the longest that is counted`,
      "minLength",
    );
  }
  if (max !== undefined && min > max) return undefined;
  return { min, max: max ?? Number.POSITIVE_INFINITY };
}

function withinRange(
  reader: SchemaReader,
  pattern: Expression,
  { range, place }: { range: LengthRange; place: Place },
): Expression {
  const bounded = withLength(pattern, range);
  if (bounded) return bounded;
  throw reader.fail(
    place,
    "has a length beside a pattern or format of varying length; say the length in the pattern, as in ^[a-z]{1,20}$",
    range.min > 0 ? "minLength" : "maxLength",
  );
}

/** What `pattern` and `format` ask for, as plain text. */
function patternOf(
  reader: SchemaReader,
  schema: SchemaObject,
  place: Place,
): Expression | undefined {
  const { pattern, format } = schema;
  if (pattern !== undefined && typeof pattern !== "string") {
    throw reader.fail(place, "has to be a text", "pattern");
  }
  if (pattern !== undefined && format !== undefined) {
    throw reader.fail(place, "stands beside a pattern; leave one of them out", "format");
  }
  if (pattern !== undefined) {
    const name = `The pattern at ${place.pointer}/pattern of the schema`;
    return parseRegex(pattern, { isSearch: true, name });
  }
  if (format === undefined) return undefined;
  const known = typeof format === "string" && Object.hasOwn(STRING_FORMATS, format);
  const expression = known ? STRING_FORMATS[format] : undefined;
  if (expression === undefined) {
    const names = Object.keys(STRING_FORMATS).join(", ");
    throw reader.fail(place, `is not among those that can be guaranteed (${names})`, "format");
  }
  return parseRegex(expression, { isSearch: false, name: `The format ${format}` });
}

/** The same texts as they stand in a JSON string. */
export function toJson(expression: Expression): Expression {
  switch (expression.type) {
    case "characters":
      return toJsonCharacters(expression.set);
    case "sequence":
    case "one-of":
      return { type: expression.type, parts: expression.parts.map(toJson) };
    case "repeat":
      return { ...expression, part: toJson(expression.part) };
    case "text":
    case "rule":
    case "without":
    case "free-text":
      return expression;
  }
}
