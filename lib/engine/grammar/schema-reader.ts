import { isDeepStrictEqual } from "node:util";
import { GRAMMAR_DEPTH_MAX } from "@/lib/limits";
import { areDisjoint } from "./are-disjoint";
import { type Expression, NEVER, oneOf, type Rule, text } from "./expression";
import type { JsonSchema } from "./grammar";
import { toJsonText } from "./json-text";
import { mergeSchemas, UnmergeableError } from "./merge-schemas";
import { expectTimeLeft } from "./reading-limits";
import { refuse } from "./refusal";
import { readArray } from "./schema-arrays";
import {
  impliedTypes,
  isConstraint,
  isOfType,
  isSchema,
  isSchemaObject,
  JSON_TYPES,
  type JsonType,
  refusalOf,
  type SchemaObject,
  typeOfJson,
} from "./schema-keywords";
import { readNumber } from "./schema-numbers";
import { readObject } from "./schema-objects";
import { readString, readText } from "./schema-strings";

/**
 * A JSON Schema (draft 2020-12) as an expression whose every text is valid under it. It may say less
 * than the schema, never more: what cannot be kept to is refused by its keyword and its place, before
 * anything is built.
 *
 * - Properties come in the order of the schema; others after them.
 * - A schema without `type` is taken to be of the types that its keywords speak of.
 * - Numbers have a bounded count of digits, and under bounds no exponent.
 *
 * @param at JSON pointer of the part that is meant; references are to all of `schema`.
 * @throws AppError `invalid-request`.
 */
export function readSchema(schema: JsonSchema, at = ""): Expression {
  return new SchemaReader(schema).read(at);
}

/** The texts that a schema of strings takes, as they stand. */
export function readPlainString(schema: JsonSchema): Expression {
  return new SchemaReader(schema).readPlainString();
}

/** Schemas within one; as many as its characters could hold twice over, while combined ones may double at each level. */
const PARTS_MAX = 20_000;
/** Each of them is compared with each other one. */
const DISJOINT_CASES_MAX = 256;

/** Where in the schema, as a JSON pointer, and how deep in what is being read. */
export type Place = { pointer: string; depth: number };

export class SchemaReader {
  readonly #root: JsonSchema;
  readonly #rules = new Map<string, Rule>();
  readonly #unread: { rule: Rule; schema: JsonSchema; pointer: string }[] = [];
  /** Any value at all, which may hold any value. */
  readonly #anything: Rule = { body: NEVER };
  #hasAnything = false;
  #partCount = 0;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  read(at: string): Expression {
    const place = { pointer: at, depth: 0 };
    const meant = this.#find(at);
    if (!isSchema(meant)) throw this.fail(place, "is no schema");
    const whole = this.toExpression(meant, place);
    for (let next = this.#unread.pop(); next; next = this.#unread.pop()) {
      next.rule.body = this.toExpression(next.schema, { pointer: next.pointer, depth: 0 });
    }
    return whole;
  }

  readPlainString(): Expression {
    const schema = this.#root;
    const place = { pointer: "", depth: 0 };
    if (!isSchemaObject(schema)) throw this.fail(place, "is no schema of strings");
    this.#expectKeywords(schema, place);
    const combined = ["$ref", "allOf", "oneOf", "anyOf"].find((it) => schema[it] !== undefined);
    if (combined) {
      throw this.fail(
        place,
        "stands beside the type of a text that is written as it stands; write them as one",
        combined,
      );
    }
    const values = this.#valuesOf(schema, place);
    if (!values) return readText(this, schema, place);
    return oneOf(values.flatMap((it) => (typeof it === "string" ? text(it) : [])));
  }

  toExpression(schema: unknown, place: Place): Expression {
    expectTimeLeft();
    if (place.depth > GRAMMAR_DEPTH_MAX) {
      throw refuse(`The schema is nested more than ${GRAMMAR_DEPTH_MAX} deep at ${show(place)}.`);
    }
    if (++this.#partCount > PARTS_MAX) {
      throw refuse(
        `The schema has more than ${PARTS_MAX} parts once those that stand side by side are combined. Take fewer alternatives, or leave allOf out.`,
      );
    }
    if (!isSchema(schema)) throw this.fail(place, "is no schema; write an object or a boolean");
    if (schema === false) return NEVER;
    if (schema === true) return this.#any();
    this.#expectKeywords(schema, place);
    const constraints = Object.keys(schema).filter(isConstraint);
    if (constraints.length === 0) return this.#any();
    if (constraints.length === 1 && typeof schema.$ref === "string") {
      return { type: "rule", rule: this.#ruleOf(schema.$ref, place) };
    }
    for (const key of ["$ref", "allOf", "oneOf", "anyOf"]) {
      if (schema[key] !== undefined) return this.#readCombined(schema, key, place);
    }
    const values = this.#valuesOf(schema, place);
    if (values) return oneOf(values.map(toJsonText));
    return oneOf(this.#typesOf(schema, place).map((type) => this.#toTyped(schema, type, place)));
  }

  /** What is wrong at a place, or with one of its keywords. */
  fail({ pointer }: Place, what: string, keyword?: string) {
    const at = keyword === undefined ? pointer : `${pointer}/${keyword}`;
    return refuse(`The schema at ${at === "" ? "its root" : at} ${what}.`);
  }

  /** The value of a keyword that has to be a whole number of at least 0. */
  countOf(schema: SchemaObject, keyword: string, place: Place): number | undefined {
    const value = schema[keyword];
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    throw this.fail(place, "has to be a whole number of at least 0", keyword);
  }

  below({ pointer, depth }: Place, ...keys: (string | number)[]): Place {
    const path = keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`);
    return { pointer: pointer + path.join(""), depth: depth + 1 };
  }

  #expectKeywords(schema: SchemaObject, place: Place): void {
    for (const keyword of Object.keys(schema)) {
      const refusal = refusalOf(keyword);
      if (refusal !== undefined) throw refuse(`${refusal} (At ${show(place)} of the schema.)`);
    }
    if (schema.$id !== undefined && place.pointer !== "") {
      throw this.fail(place, "names a schema within the schema, which is not supported", "$id");
    }
  }

  #any(): Expression {
    const itself: Expression = { type: "rule", rule: this.#anything };
    if (!this.#hasAnything) {
      // Before arrays and objects of anything are made of it.
      this.#hasAnything = true;
      const types = JSON_TYPES.filter((type) => type !== "integer");
      const place = { pointer: "", depth: 0 };
      this.#anything.body = oneOf(types.map((type) => this.#toTyped({}, type, place)));
    }
    return itself;
  }

  #toTyped(schema: SchemaObject, type: JsonType, place: Place): Expression {
    switch (type) {
      case "null":
        return text("null");
      case "boolean":
        return oneOf([text("true"), text("false")]);
      case "integer":
      case "number":
        return readNumber(this, schema, { type, place });
      case "string":
        return readString(this, schema, place);
      case "array":
        return readArray(this, schema, place);
      case "object":
        return readObject(this, schema, place);
    }
  }

  #typesOf(schema: SchemaObject, place: Place): JsonType[] {
    if (schema.type === undefined) return impliedTypes(schema);
    const types: unknown[] = [schema.type].flat();
    const known = JSON_TYPES.filter((type) => types.includes(type));
    const unknown = types.find((type) => !JSON_TYPES.some((it) => it === type));
    if (types.length === 0 || unknown !== undefined) {
      const which = JSON.stringify(unknown ?? []);
      throw this.fail(place, `is ${which}, which is no type of JSON values`, "type");
    }
    return known.filter((type) => type !== "integer" || !known.includes("number"));
  }

  /** The values that `enum` and `const` leave, as far as the other keywords take them. */
  #valuesOf(schema: SchemaObject, place: Place): unknown[] | undefined {
    if (schema.enum === undefined && !Object.hasOwn(schema, "const")) return undefined;
    for (const keyword of Object.keys(schema)) {
      if (isConstraint(keyword) && !["enum", "const", "type"].includes(keyword)) {
        throw this.fail(place, "stands beside enum or const; leave one of them out", keyword);
      }
    }
    if (schema.enum !== undefined && (!Array.isArray(schema.enum) || schema.enum.length === 0)) {
      throw this.fail(place, "has to be a list of at least one value", "enum");
    }
    const listed: unknown[] = Array.isArray(schema.enum) ? schema.enum : [schema.const];
    const types = schema.type === undefined ? undefined : this.#typesOf(schema, place);
    return listed
      .filter((it) => !Object.hasOwn(schema, "const") || isDeepStrictEqual(it, schema.const))
      .filter((it) => !types || types.some((type) => isOfType(typeOfJson(it), type)));
  }

  /** The values that a schema lists, whatever it refers to; undefined where it says anything else. */
  listedIn(schema: unknown, place: Place): readonly unknown[] | undefined {
    if (!isSchema(schema)) return undefined;
    const listing = this.#inline(schema, place);
    if (!isSchemaObject(listing)) return undefined;
    const says = Object.keys(listing).filter(isConstraint);
    const isList = says.every((it) => ["enum", "const", "type"].includes(it));
    return isList ? this.#valuesOf(listing, place) : undefined;
  }

  /** One schema made of all that stand side by side, for each case of `anyOf` and `oneOf`. */
  #readCombined(schema: SchemaObject, key: string, place: Place): Expression {
    const { [key]: part, ...rest } = schema;
    const at = this.below(place, key);
    const hasRest = Object.keys(rest).some(isConstraint);
    if (key === "$ref") {
      if (typeof part !== "string") throw this.fail(at, "has to be a text");
      return this.toExpression(this.#merge(this.resolve(part, at), rest, at), at);
    }
    if (!Array.isArray(part) || part.length === 0 || !part.every(isSchema)) {
      throw this.fail(at, "has to be a list of at least one schema");
    }
    for (const [index, it] of part.entries()) {
      if (isSchemaObject(it)) this.#expectKeywords(it, this.below(at, index));
    }
    if (key === "allOf") {
      const all = part.reduce<JsonSchema>(
        (a, b) => this.#merge(this.#inline(a, at), this.#inline(b, at), at),
        hasRest ? rest : true,
      );
      return this.toExpression(all, at);
    }
    const cases = hasRest ? part.map((it) => this.#merge(rest, this.#inline(it, at), at)) : part;
    if (key === "oneOf") this.#expectDisjoint(cases, at);
    return oneOf(cases.map((it, index) => this.toExpression(it, this.below(at, index))));
  }

  #expectDisjoint(cases: readonly JsonSchema[], place: Place): void {
    if (cases.length > DISJOINT_CASES_MAX) {
      throw this.fail(place, `has more than ${DISJOINT_CASES_MAX} alternatives; use anyOf`);
    }
    const resolved = cases.map((it) => this.#inline(it, place));
    const inline = (it: JsonSchema) => this.#inline(it, place);
    for (const [index, one] of resolved.entries()) {
      expectTimeLeft();
      const other = resolved.findIndex((it, at) => at > index && !areDisjoint(one, it, inline));
      if (other < 0) continue;
      throw this.fail(
        place,
        `has alternatives (${index} and ${other}) that one value might meet both; use anyOf, or tell them apart by a required property with a const`,
      );
    }
  }

  /** What a lone reference stands for. */
  #inline(schema: JsonSchema, place: Place): JsonSchema {
    let at = schema;
    for (let hops = 0; hops <= GRAMMAR_DEPTH_MAX; hops++) {
      if (!isSchemaObject(at) || typeof at.$ref !== "string") return at;
      const { $ref, ...rest } = at;
      const target = this.resolve($ref, place);
      at = Object.keys(rest).some(isConstraint) ? this.#merge(target, rest, place) : target;
    }
    throw this.fail(place, "refers to itself without an end");
  }

  #merge(a: JsonSchema, b: JsonSchema, place: Place): JsonSchema {
    expectTimeLeft();
    try {
      return mergeSchemas(a, b);
    } catch (error) {
      if (!(error instanceof UnmergeableError)) throw error;
      throw this.fail(
        place,
        `combines schemas that both have ${error.message}, which cannot be guaranteed; write them as one`,
      );
    }
  }

  #ruleOf(reference: string, place: Place): Rule {
    const known = this.#rules.get(reference);
    if (known) return known;
    const schema = this.resolve(reference, this.below(place, "$ref"));
    const rule: Rule = { body: NEVER };
    this.#rules.set(reference, rule);
    // It was decoded to be resolved.
    const pointer = decodeURIComponent(reference).replace(/^#/, "");
    this.#unread.push({ rule, schema, pointer });
    return rule;
  }

  /** The schema at a JSON pointer of this document (RFC 6901). */
  resolve(reference: string, place: Place): JsonSchema {
    let pointer: string;
    try {
      pointer = decodeURIComponent(reference);
    } catch (cause) {
      throw refuse(
        `The schema at ${show(place)} refers to ${reference}, which is no pointer.`,
        cause,
      );
    }
    if (pointer !== "#" && !pointer.startsWith("#/")) {
      throw this.fail(
        place,
        `refers to ${reference}; only places in the same schema can be referred to, as #/$defs/name`,
      );
    }
    const found = this.#find(pointer);
    if (isSchema(found)) return found;
    throw this.fail(place, `refers to ${reference}, where there is no schema`);
  }

  #find(pointer: string): unknown {
    let at: unknown = this.#root;
    for (const key of pointer.split("/").slice(1)) {
      const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
      // Lists have their places as names too.
      at =
        typeof at === "object" && at !== null && Object.hasOwn(at, name)
          ? (at as SchemaObject)[name]
          : undefined;
    }
    return at;
  }
}

function show({ pointer }: Place): string {
  return pointer === "" ? "the root" : pointer;
}
