/**
 * Goal: the document is valid OpenAPI 3.1, says something of every field, and hides no part of a request
 * behind "anything". Method: the published schema of OpenAPI 3.1, and ajv over each of our own.
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv2020 from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { openApiText, toOpenApiDocument } from "./document";
import { FIELD_NOTES } from "./field-notes";
import { OPERATIONS } from "./operations";
import { type SchemaObject, toRequestSchema } from "./request-schema";

const parsed = () => JSON.parse(openApiText().text);

test("the document is OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(parsed());
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("its schemas are JSON Schemas, and its examples are requests", () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false });
  addFormats(ajv);
  const { schemas } = toOpenApiDocument().components as {
    schemas: Record<string, SchemaObject>;
  };
  for (const [name, schema] of Object.entries(schemas)) {
    expect(() => ajv.compile(schema), name).not.toThrow();
  }
  for (const { request } of OPERATIONS) {
    if (!request) continue;
    const validate = ajv.compile(schemas[request.name] ?? false);
    expect(validate(request.example) || validate.errors, request.name).toBe(true);
    expect(request.schema.safeParse(request.example).error, request.name).toBeUndefined();
  }
});

test("operations have names of their own, and no schema two meanings", () => {
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const bySchema = new Map<string, unknown>();
  for (const { request, reply, stream } of OPERATIONS) {
    for (const it of [request, reply, stream]) {
      if (!it) continue;
      expect(bySchema.get(it.name) ?? it.schema, it.name).toBe(it.schema);
      bySchema.set(it.name, it.schema);
    }
  }
});

/** Where a value may be anything, since it is the caller's own. */
const OPEN = [
  /\.(parameters|schema|json|input_schema)$/,
  /\.(metadata|prediction|prompt_cache_options|arguments|input|logit_bias)$/,
  /\.(reasoning|reasoning_content|reasoning_details|thinking_blocks|provider_specific_fields)$/,
  /\.(annotations|logprobs|parsed|parsed_arguments)$/,
  /\.(chat_template_kwargs|mm_processor_kwargs)$/,
];

describe.each(OPERATIONS.flatMap(({ id, request }) => (request ? [{ id, request }] : [])))(
  "the request of $id",
  ({ request }) => {
    const read = toRequestSchema(request, { ...FIELD_NOTES, ...request.notes });

    test("says what each field is", () => {
      const silent = Object.entries(read.properties ?? {})
        .filter(([, it]) => typeof it === "boolean" || !it.description)
        .map(([name]) => name);
      expect(silent).toEqual([]);
    });

    test("refuses what has no row", () => expect(read.additionalProperties).toBe(false));

    test("leaves open only what is the caller's own", () => {
      const open = openPlaces(read, "").filter((place) => !OPEN.some((it) => it.test(place)));
      expect(open).toEqual([]);
    });
  },
);

/** Paths of the schemas that take anything, or objects of any fields. */
function openPlaces(schema: unknown, path: string): string[] {
  if (typeof schema !== "object" || schema === null) return schema === true ? [path] : [];
  const it = schema as SchemaObject;
  const says = Object.keys(it).filter((key) => key !== "description");
  if (says.length === 0) return [path];
  const isOpen = it.type === "object" && it.additionalProperties !== false && !it.propertyNames;
  const alternatives = [...(it.anyOf ?? []), ...(it.oneOf ?? []), ...(it.allOf ?? [])];
  return [
    ...(isOpen ? [path] : []),
    ...alternatives.flatMap((inner) => openPlaces(inner, path)),
    ...Object.entries(it.properties ?? {}).flatMap(([name, inner]) =>
      openPlaces(inner, `${path}.${name}`),
    ),
    ...(it.items && !Array.isArray(it.items) && it.maxItems !== 0
      ? openPlaces(it.items, path)
      : []),
  ];
}
