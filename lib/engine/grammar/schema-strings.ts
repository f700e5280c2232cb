import { GRAMMAR_REPETITIONS_MAX } from "@/lib/limits";
import { ANY_CHARACTER } from "./code-points";
import { characters, type Expression, NEVER, type Network, repeat } from "./expression";
import { JSON_CHARACTER, JSON_STRING, quoted, toJsonCharacters } from "./json-text";
import { AllOfValues } from "./merge-schemas";
import { countableIn, countedTexts, intersectionOfTexts, NetworkTooLargeError } from "./network";
import { parseRegex } from "./parse-regex";
import type { SchemaObject } from "./schema-keywords";
import type { Place, SchemaReader } from "./schema-reader";
import { REGULAR_FORMS, STRING_FORMATS, UNSUPPORTED_FORMATS } from "./string-formats";
import { type LengthRange, lengthOf, withFewerRepetitions, withLength } from "./text-length";

/** A string with its quotes. */
export function readString(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const range = rangeOf(reader, schema, place);
  const [form, ...forms] = formsOf(reader, schema, place);
  if (!range) return NEVER;
  if (form) {
    const texts = textsOf(reader, [form, ...forms], { range, place });
    return texts === NEVER ? NEVER : quoted(toJson(texts));
  }
  if (range.min === 0 && range.max === Number.POSITIVE_INFINITY) return JSON_STRING;
  return quoted(repeat(JSON_CHARACTER, range.min, counted(range.max)));
}

/** The same texts as they stand. */
export function readText(reader: SchemaReader, schema: SchemaObject, place: Place): Expression {
  const range = rangeOf(reader, schema, place);
  const [form, ...forms] = formsOf(reader, schema, place);
  if (!range) return NEVER;
  if (form) return textsOf(reader, [form, ...forms], { range, place });
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

/** What is of all of `forms` and of a length within `range`; some of it where the whole cannot be counted. */
function textsOf(
  reader: SchemaReader,
  forms: readonly [Expression, ...Expression[]],
  { range, place }: { range: LengthRange; place: Place },
): Expression {
  try {
    const texts = findTexts(forms, range);
    if (texts) return hasTexts(texts) ? texts : NEVER;
  } catch (cause) {
    if (!(cause instanceof NetworkTooLargeError)) throw cause;
  }
  throw reader.fail(
    place,
    "asks for a text by patterns, formats or lengths that together take too much to be guaranteed; take lower bounds, or say all of it in one pattern, as in ^[a-z]{1,20}$",
  );
}

function findTexts(
  forms: readonly [Expression, ...Expression[]],
  range: LengthRange,
): Expression | undefined {
  const [first, ...others] = forms;
  const exact = others.length === 0 ? withLength(first, range) : undefined;
  if (exact) return exact;
  const all = others.reduce(intersectionOfTexts, first);
  const lengths = forms.map(lengthOf);
  const min = Math.max(...lengths.map((it) => it.min));
  const max = Math.min(...lengths.map((it) => it.max));
  if (min >= range.min && max <= range.max) return all;
  const counted = countedTexts(all, range) ?? withFewerRepeated(forms, range);
  if (counted) return counted;
  // As far as can be counted.
  const countable = { ...range, max: Math.min(range.max, countableIn(all)) };
  const some = countable.max >= range.min ? countedTexts(all, countable) : undefined;
  return some && hasTexts(some) ? some : undefined;
}

function hasTexts(expression: Expression): boolean {
  return expression.type !== "network" || expression.start !== undefined;
}

/** One of the forms repeats less, so that no text is too long; what is too short is counted. */
function withFewerRepeated(
  forms: readonly Expression[],
  range: LengthRange,
): Expression | undefined {
  for (const form of forms) {
    const shorter = withFewerRepetitions(form, range.max);
    if (!shorter) continue;
    const all = [shorter, ...forms.filter((it) => it !== form)];
    const kept = all.reduce(intersectionOfTexts);
    const isLongEnough = all.some((it) => lengthOf(it).min >= range.min);
    const texts = isLongEnough
      ? kept
      : countedTexts(kept, { min: range.min, max: Number.POSITIVE_INFINITY });
    if (texts && hasTexts(texts)) return texts;
  }
  return undefined;
}

/** What `pattern` and `format` ask for, each as plain text. */
function formsOf(reader: SchemaReader, schema: SchemaObject, place: Place): Expression[] {
  const patterns = valuesOf(schema.pattern).map((pattern) => {
    if (typeof pattern !== "string") throw reader.fail(place, "has to be a text", "pattern");
    const name = `The pattern at ${place.pointer}/pattern of the schema`;
    return parseRegex(REGULAR_FORMS.get(pattern) ?? pattern, { isSearch: true, name });
  });
  const formats = valuesOf(schema.format).flatMap((format) => {
    if (typeof format !== "string") throw reader.fail(place, "has to be a text", "format");
    if (UNSUPPORTED_FORMATS.has(format)) {
      throw reader.fail(place, `is ${format}, which cannot be guaranteed; leave it out`, "format");
    }
    // What no checker of schemas enforces says nothing of what is valid.
    const expression = Object.hasOwn(STRING_FORMATS, format) ? STRING_FORMATS[format] : undefined;
    if (expression === undefined) return [];
    return parseRegex(expression, { isSearch: false, name: `The format ${format}` });
  });
  return [...formats, ...patterns];
}

function valuesOf(value: unknown): readonly unknown[] {
  if (value instanceof AllOfValues) return value.values;
  return value === undefined ? [] : [value];
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
    case "network":
      return toJsonNetwork(expression);
    case "text":
    case "rule":
    case "without":
    case "free-text":
      return expression;
  }
}

/** Sets that stay one another's same, so that each is built once. */
function toJsonNetwork(network: Network): Network {
  const known = new Map<Expression, Expression>();
  const write = (on: Expression): Expression => {
    const written = known.get(on) ?? toJson(on);
    known.set(on, written);
    return written;
  };
  const nodes = network.nodes.map(({ edges, jumps }) => ({
    edges: edges.map(({ on, to }) => ({ on: write(on), to })),
    jumps,
  }));
  return { ...network, nodes };
}
