import { type Expression, NEVER } from "./expression";
import { JSON_INTEGER, JSON_NUMBER } from "./json-text";
import { type Bound, decimalsBetween, integersBetween } from "./number-range";
import type { SchemaObject } from "./schema-keywords";
import type { Place, SchemaReader } from "./schema-reader";

export function readNumber(
  reader: SchemaReader,
  schema: SchemaObject,
  { type, place }: { type: "integer" | "number"; place: Place },
): Expression {
  const { multipleOf } = schema;
  if (multipleOf !== undefined && multipleOf !== 1) {
    throw reader.fail(place, "cannot be guaranteed; list the numbers in enum", "multipleOf");
  }
  const isInteger = type === "integer" || multipleOf === 1;
  const size = sizeOf(reader, schema, place);
  const lower = boundOf(reader, schema, { names: ["minimum", "exclusiveMinimum"], place });
  const upper = boundOf(reader, schema, { names: ["maximum", "exclusiveMaximum"], place });
  const min =
    size && (!lower || lower.value < -size.value) ? { ...size, value: -size.value } : lower;
  const max = size && (!upper || upper.value > size.value) ? size : upper;
  if (!min && !max) return isInteger ? JSON_INTEGER : JSON_NUMBER;
  if (min && max && min.value > max.value) return NEVER;
  const range = isInteger ? integersBetween(min, max) : decimalsBetween(min, max);
  if (range) return range;
  throw reader.fail(
    place,
    "has a bound of more digits than numbers are written with; take bounds below 10^18 with at most 17 digits after the point",
  );
}

/**
 * Formats of numbers are OpenAPI's; how large each may be on either side, one less than it might be
 * below 0. Of int64 the largest that a double holds.
 */
const SIZES: Readonly<Record<string, number>> = {
  int32: 2 ** 31 - 1,
  int64: 2 ** 63 - 1_024,
  float: Number.POSITIVE_INFINITY,
  double: Number.POSITIVE_INFINITY,
};

function sizeOf(reader: SchemaReader, { format }: SchemaObject, place: Place): Bound {
  if (format === undefined) return undefined;
  const isKnown = typeof format === "string" && Object.hasOwn(SIZES, format);
  const value = isKnown ? SIZES[format] : undefined;
  if (value === undefined) {
    const names = Object.keys(SIZES).join(", ");
    throw reader.fail(place, `is not among those of numbers (${names})`, "format");
  }
  return Number.isFinite(value) ? { value, isExclusive: false } : undefined;
}

/** The narrower of a side's two keywords. */
function boundOf(
  reader: SchemaReader,
  schema: SchemaObject,
  { names, place }: { names: [string, string]; place: Place },
): Bound {
  const [inclusive, exclusive] = names.map((name) => {
    const value = schema[name];
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    throw reader.fail(place, "has to be a number", name);
  });
  if (inclusive === undefined && exclusive === undefined) return undefined;
  if (inclusive === undefined) return { value: exclusive as number, isExclusive: true };
  if (exclusive === undefined) return { value: inclusive, isExclusive: false };
  const isExclusive = names[0] === "minimum" ? exclusive >= inclusive : exclusive <= inclusive;
  return { value: isExclusive ? exclusive : inclusive, isExclusive };
}
