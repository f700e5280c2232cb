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
  const min = boundOf(reader, schema, { names: ["minimum", "exclusiveMinimum"], place });
  const max = boundOf(reader, schema, { names: ["maximum", "exclusiveMaximum"], place });
  if (!min && !max) return isInteger ? JSON_INTEGER : JSON_NUMBER;
  if (min && max && min.value > max.value) return NEVER;
  const range = isInteger ? integersBetween(min, max) : decimalsBetween(min, max);
  if (range) return range;
  throw reader.fail(
    place,
    "has a bound of more digits than numbers are written with; take bounds below 10^18 with at most 17 digits after the point",
  );
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
