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
import { COMMA, toJsonText } from "./json-text";
import { type SchemaObject, toCanonicalJson } from "./schema-keywords";
import type { Place, SchemaReader } from "./schema-reader";
import { UNIQUE_VALUES_MAX, uniqueItems } from "./unique-items";

export function readArray(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const min = reader.countOf(schema, "minItems", place) ?? 0;
  const asked = reader.countOf(schema, "maxItems", place) ?? Number.POSITIVE_INFINITY;
  if (min > GRAMMAR_REPETITIONS_MAX) {
    throw reader.fail(
      place,
      `is more than ${GRAMMAR_REPETITIONS_MAX}, the most that are counted`,
      "minItems",
    );
  }
  const max = asked === Number.POSITIVE_INFINITY ? asked : Math.min(asked, GRAMMAR_REPETITIONS_MAX);
  if (schema.uniqueItems === true && max > 1) {
    const values = listedItemsOf(reader, schema, place).map(toJsonText);
    const items = uniqueItems(values, { min, max });
    return items === NEVER ? NEVER : sequence(text("["), items, text("]"));
  }
  const prefix = prefixOf(reader, schema, place);
  const item = itemOf(reader, schema, place);
  if (min > max || (min > prefix.length && item === NEVER)) return NEVER;
  // From the last item to the first: what may follow once so many are there.
  const counted = Math.max(0, min - prefix.length);
  const room = max - prefix.length;
  const others = sequence(COMMA, item);
  const first = prefix.length === 0;
  let rest = NOTHING;
  if (item !== NEVER && room > 0) {
    rest = first
      ? sequence(item, repeat(others, Math.max(0, counted - 1), room - 1))
      : repeat(others, counted, room);
    if (first && counted === 0) rest = optional(rest);
  }
  for (const [index, part] of [...prefix.entries()].reverse()) {
    if (index >= max) continue;
    if (index % CHAIN_LENGTH === CHAIN_LENGTH - 1) rest = apart(rest);
    const here = part === NEVER ? NEVER : sequence(index === 0 ? NOTHING : COMMA, part, rest);
    rest = index >= min ? oneOf([here, NOTHING]) : here;
    // What ends before this item has fewer than are needed.
    if (rest === NEVER) return NEVER;
  }
  return sequence(text("["), rest, text("]"));
}

/** The values that items which may not come twice are of, each once. */
function listedItemsOf(reader: SchemaReader, schema: SchemaObject, place: Place): unknown[] {
  const at = reader.below(place, "items");
  const listed = schema.prefixItems === undefined ? reader.listedIn(schema.items, at) : undefined;
  const values = new Map(listed?.map((it) => [toCanonicalJson(it), it]));
  if (listed && values.size <= UNIQUE_VALUES_MAX) return [...values.values()];
  throw reader.fail(
    place,
    `can be guaranteed only where items are of an enum of at most ${UNIQUE_VALUES_MAX} values; leave it out`,
    "uniqueItems",
  );
}

function prefixOf(reader: SchemaReader, schema: SchemaObject, place: Place): Expression[] {
  const { prefixItems = [] } = schema;
  if (!Array.isArray(prefixItems))
    throw reader.fail(place, "has to be a list of schemas", "prefixItems");
  return prefixItems.map((it, index) =>
    reader.toExpression(it, reader.below(place, "prefixItems", index)),
  );
}

function itemOf(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  if (Array.isArray(schema.items)) {
    throw reader.fail(place, "is a list, which newer schemas call prefixItems", "items");
  }
  if (schema.items !== undefined)
    return reader.toExpression(schema.items, reader.below(place, "items"));
  return reader.toExpression(
    schema.unevaluatedItems ?? true,
    reader.below(place, "unevaluatedItems"),
  );
}
