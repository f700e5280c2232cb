import * as z from "zod";
import { findNeutralPart } from "@/lib/anthropic/messages/fields";
import { assert } from "@/lib/util/assert";
import { findFieldRules } from "@/lib/util/body-schema";
import type { Operation } from "./operation";
import { SPELLED_OUT } from "./spelled-out";

/** A JSON Schema of the draft that OpenAPI 3.1 builds upon (2020-12). */
export type SchemaObject = z.core.JSONSchema.BaseSchema;

/**
 * What a request may hold, as JSON Schema, from the schema that its route parses with and the table of
 * fields that it checks by.
 *
 * @param shared sentences for fields of which neither the operation nor the schema says anything.
 */
export function toRequestSchema(
  { schema, form = schema, changes = {}, notes = {}, anyOf }: NonNullable<Operation["request"]>,
  shared: Readonly<Record<string, string>>,
): SchemaObject {
  const read = toInputSchema(form);
  const rules = rulesOf(form);
  const properties = { ...read.properties, ...(rules && fromRules(rules, read)) };
  for (const [name, it] of Object.entries(changes)) properties[name] = toInputSchema(it);
  const described = Object.entries(properties).map(([name, property]) => {
    assert(typeof property === "object", "a property is described by an object");
    const isRead = rules?.[name] === undefined || rules[name].rule === "read";
    // What a rule says of a field stands in any case: that it changes nothing, or what to send instead.
    const description = isRead
      ? (notes[name] ?? property.description ?? shared[name])
      : [notes[name], property.description].filter((it) => it !== undefined).join(" ");
    return [name, { ...property, ...(description !== undefined && { description }) }];
  });
  // A field of no row is refused, whatever the reading schema does with it.
  const isClosed = rules !== undefined || read.additionalProperties === false;
  return {
    ...read,
    properties: Object.fromEntries(described),
    ...(anyOf && { anyOf: anyOf.map((name) => ({ required: [name] })) }),
    ...(isClosed && { additionalProperties: false }),
  };
}

function rulesOf(schema: z.core.$ZodType): FieldRules | undefined {
  return schema instanceof z.ZodPipe ? findFieldRules(schema.def.in) : undefined;
}

type FieldRules = NonNullable<ReturnType<typeof findFieldRules>>;

/** The fields that are not read: each with the values that are taken, and what to send instead. */
function fromRules(rules: FieldRules, read: SchemaObject): Record<string, SchemaObject> {
  const known = new Set(Object.keys(read.properties ?? {}));
  const properties: Record<string, SchemaObject> = {};
  for (const [name, rule] of Object.entries(rules)) {
    assert((rule.rule === "read") === known.delete(name), `\`${name}\` is read or has a rule`);
    if (rule.rule === "neutral") properties[name] = notOffered(rule);
    else if (rule.rule === "accepted") {
      const description = "Taken; it changes nothing here.";
      properties[name] = { anyOf: [toInputSchema(rule.schema), { type: "null" }], description };
    }
  }
  assert(known.size === 0, `every field has a row: ${[...known].join(", ")}`);
  return properties;
}

/** The values that ask for nothing. */
function notOffered({ schema, remedy }: { schema: z.ZodType; remedy: string }): SchemaObject {
  const description = `Not offered. ${remedy}`;
  if (schema instanceof z.ZodNever) return { type: "null", description };
  return { anyOf: [toInputSchema(schema), { type: "null" }], description };
}

/** What `schema` takes, before it makes something else of it. */
export function toInputSchema(schema: z.core.$ZodType): SchemaObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    ...{ io: "input", target: "draft-2020-12", unrepresentable: "any", reused: "inline" },
    override: ({ zodSchema, jsonSchema }) => {
      const instead = spelledOut(zodSchema) ?? behindCheck(zodSchema);
      if (instead) {
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        Object.assign(jsonSchema, instead);
      }
      flatten(jsonSchema);
    },
  });
  return json;
}

function spelledOut(schema: z.core.$ZodType): SchemaObject | undefined {
  const instead = SPELLED_OUT.get(schema);
  if (instead) return toInputSchema(instead);
  const part = findNeutralPart(schema);
  return part && notOffered(part);
}

/**
 * A schema that looks at anything, or at an object's one field, only to say better what is wrong, and
 * hands it on: what is taken is what the schema behind it takes.
 */
function behindCheck(schema: z.core.$ZodTypes): SchemaObject | undefined {
  const { def } = schema._zod;
  if (def.type !== "pipe") return undefined;
  const { in: first, out: second } = def;
  const isLoose = isAnyObject(first);
  if (!isLoose && first._zod.def.type !== "unknown") return undefined;
  if (second._zod.def.type === "transform") return undefined;
  return toInputSchema(second);
}

function isAnyObject(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodObject && schema.def.catchall instanceof z.ZodUnknown;
}

/** Alternatives of an alternative stand beside the others; bounds that are only JavaScript's go. */
function flatten(schema: SchemaObject): void {
  if (schema.anyOf) schema.anyOf = schema.anyOf.flatMap((it) => ownAlternatives(it) ?? [it]);
  if (schema.type !== "integer") return;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
}

function ownAlternatives(schema: z.core.JSONSchema._JSONSchema) {
  if (typeof schema === "boolean") return undefined;
  const { anyOf, ...others } = schema;
  return anyOf && Object.keys(others).length === 0 ? anyOf : undefined;
}
