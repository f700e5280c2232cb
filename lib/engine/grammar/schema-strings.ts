import { GRAMMAR_REPETITIONS_MAX } from "@/lib/limits";
import { type Expression, NEVER, repeat } from "./expression";
import { JSON_CHARACTER, JSON_STRING, quoted, toJsonCharacters } from "./json-text";
import { parseRegex } from "./parse-regex";
import type { SchemaObject } from "./schema-keywords";
import type { Place, SchemaReader } from "./schema-reader";
import { STRING_FORMATS } from "./string-formats";
import { withLength } from "./text-length";

/** A string with its quotes. */
export function readString(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const min = reader.countOf(schema, "minLength", place) ?? 0;
  const max = reader.countOf(schema, "maxLength", place);
  if (min > GRAMMAR_REPETITIONS_MAX) {
    throw reader.fail(
      place,
      `is more than ${GRAMMAR_REPETITIONS_MAX}, the longest that is counted`,
      "minLength",
    );
  }
  if (max !== undefined && min > max) return NEVER;
  const pattern = patternOf(reader, schema, place);
  if (!pattern) {
    if (min === 0 && max === undefined) return JSON_STRING;
    // A bound beyond what is counted is met by any that is.
    return quoted(
      repeat(JSON_CHARACTER, min, max === undefined ? max : Math.min(max, GRAMMAR_REPETITIONS_MAX)),
    );
  }
  const bounded = withLength(pattern, { min, max: max ?? Number.POSITIVE_INFINITY });
  if (!bounded) {
    throw reader.fail(
      place,
      "has a length beside a pattern or format of varying length; say the length in the pattern, as in ^[a-z]{1,20}$",
      min > 0 ? "minLength" : "maxLength",
    );
  }
  return quoted(toJson(bounded));
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
    case "free-text":
      return expression;
  }
}
