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

test("no shared sentence goes unsaid", () => {
  const said = new Set(
    OPERATIONS.flatMap(({ request }) => {
      if (!request) return [];
      const { properties = {} } = toRequestSchema(request, FIELD_NOTES);
      return Object.values(properties).map((it) => typeof it === "object" && it.description);
    }),
  );
  expect(Object.entries(FIELD_NOTES).filter(([, note]) => !said.has(note))).toEqual([]);
});

describe("what the document forbids beyond each field's form", () => {
  const validator = (name: string) => {
    const request = OPERATIONS.find((it) => it.request?.name === name)?.request;
    if (!request) throw new Error(`no operation takes ${name}`);
    return new Ajv2020({ strict: false }).compile(toRequestSchema(request, FIELD_NOTES));
  };
  const id = `chatcmpl-${"0".repeat(32)}`;

  test.each<[name: string, body: object, isTaken: boolean]>([
    ["FeedbackRequest", { score: 1 }, false],
    ["FeedbackRequest", { score: 1, id, request_id: null }, true],
    ["TokenizeRequest", { model: "m" }, false],
    ["TokenizeRequest", { prompt: "x", chat_template_kwargs: {} }, true],
    ["TokenizeRequest", { prompt: "x", chat_template_kwargs: { a: 1 } }, false],
    ["TokenizeRequest", { prompt: "x", chat_template: "x" }, false],
    ["TokenizeRequest", { prompt: "x", continue_final_message: true }, false],
    ["ResponseRequest", { model: "m" }, false],
    ["ResponseRequest", { model: "m", previous_response_id: "resp_1" }, true],
    ["EmbeddingsRequest", { model: "m", input: "x", dimensions: 8 }, false],
    ["EmbeddingsRequest", { model: "m", input: "x", dimensions: null }, true],
    ["CompletionRequest", { model: "m", prompt: "x", suffix: "y" }, false],
    ["CompletionRequest", { model: "m", prompt: "x", suffix: "" }, true],
  ])("%s %j", (name, body, isTaken) => expect(validator(name)(body)).toBe(isTaken));
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
    const read = toRequestSchema(request, FIELD_NOTES);

    test("says what each field is", () => {
      const silent = Object.entries(read.properties ?? {})
        .filter(([, it]) => typeof it === "boolean" || !it.description)
        .map(([name]) => name);
      expect(silent).toEqual([]);
    });

    test("says nothing of a field twice", () => {
      for (const [name, it] of Object.entries(read.properties ?? {})) {
        const said = typeof it === "object" ? (it.description ?? "").split(/(?<=\.) /) : [];
        expect(new Set(said).size, `${name}: ${said.join(" ")}`).toBe(said.length);
        const isOffered = !said.some((sentence) => sentence.startsWith("Not offered"));
        expect(isOffered || said[0]?.startsWith("Not offered"), name).toBe(true);
      }
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
