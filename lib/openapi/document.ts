import { createHash } from "node:crypto";
import type * as z from "zod";
import { ERROR_CODES } from "@/lib/errors";
import { anthropicErrorSchema } from "./anthropic-replies";
import { ERROR_NOTES, errorRows } from "./errors";
import { FIELD_NOTES } from "./field-notes";
import { ANSWER_HEADERS, LIMIT_HEADERS, REQUEST_HEADERS } from "./headers";
import { openAiErrorSchema } from "./openai-replies";
import type { Operation } from "./operation";
import { OPERATIONS } from "./operations";
import { toReplySchema } from "./reply-schema";
import { type SchemaObject, toInputSchema, toRequestSchema } from "./request-schema";

const ERROR_SCHEMAS = { openai: "OpenAiError", anthropic: "AnthropicError" } as const;
const DESCRIPTION =
  "Models served by this platform, called as OpenAI's are: set the base URL of a client to `/v1` of this server. Null stands for an absent field everywhere, and no field of a request is ignored: it works, or a 400 names it.";

type Json = Record<string, unknown>;

/** The API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). Its server is where it was read from. */
export function toOpenApiDocument(operations: readonly Operation[] = OPERATIONS): Json {
  const schemas: Record<string, SchemaObject> = {
    OpenAiError: toReplySchema(openAiErrorSchema),
    AnthropicError: toReplySchema(anthropicErrorSchema),
  };
  const pathItems: Record<string, Json> = {};
  for (const operation of operations) {
    const item = pathItems[operation.path] ?? {};
    item[operation.method] = toOperationObject(operation, schemas);
    pathItems[operation.path] = item;
  }
  return {
    openapi: "3.1.1",
    info: { title: "Parley", version: "1", description: DESCRIPTION, license: LICENSE },
    servers: [{ url: "/" }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: pathItems,
    components: {
      ...{ schemas, responses: errorResponses(), headers: headerObjects() },
      parameters: Object.fromEntries(REQUEST_HEADERS.map((it) => [it.name, toParameter(it)])),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

const LICENSE = { name: "Apache-2.0", identifier: "Apache-2.0" };
const SECURITY_SCHEMES = {
  bearer: { type: "http", scheme: "bearer", description: "A key, where the server asks for one." },
  apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "The same key." },
};
/** The empty one: a server without keys is open. */
const SECURITY = [{ bearer: [] }, { apiKey: [] }, {}];

function toOperationObject(operation: Operation, schemas: Record<string, SchemaObject>): Json {
  const { id, tag, summary, description, scope, request, parameters = [] } = operation;
  const scopeNote = scope === "none" ? [] : [`Needs a key of the scope \`${scope}\`.`];
  const headers = REQUEST_HEADERS.filter((it) => scope !== "none" || !it.isKeyedAlone);
  return {
    ...{ operationId: id, tags: [tag], summary },
    description: [...(description ? [description] : []), ...scopeNote].join(" "),
    security: scope === "none" ? [{}] : SECURITY,
    parameters: [
      ...parameters.map((it) => ({
        ...{ name: it.name, in: it.in, required: it.in === "path" },
        ...{ description: it.description, schema: toInputSchema(it.schema) },
      })),
      ...headers.map(({ name }) => ({ $ref: `#/components/parameters/${name}` })),
    ],
    ...(request && { requestBody: toRequestBody(request, schemas) }),
    responses: { "200": toReply(operation, schemas), ...toErrors(operation) },
  };
}

function toRequestBody(
  request: NonNullable<Operation["request"]>,
  schemas: Record<string, SchemaObject>,
): Json {
  const { name, example } = request;
  schemas[name] = toRequestSchema(request, FIELD_NOTES);
  const content = { "application/json": { schema: toRef(name), example } };
  return { required: true, content };
}

function toReply(operation: Operation, schemas: Record<string, SchemaObject>): Json {
  const { reply, stream, scope } = operation;
  const name = (it: { name: string; schema: z.ZodType }) => {
    schemas[it.name] ??= toReplySchema(it.schema);
    return toRef(it.name);
  };
  const headers =
    scope === "none"
      ? ANSWER_HEADERS.slice(0, 1)
      : [...ANSWER_HEADERS, ...LIMIT_HEADERS[operation.shape]];
  return {
    description: reply.description,
    headers: Object.fromEntries(headers.map((it) => [it.name, toHeaderRef(it.name)])),
    content: {
      "application/json": { schema: name(reply) },
      ...(stream && {
        // OpenAPI 3.1 has no word for the form of a single event, so that it stands in one of its own.
        "text/event-stream": {
          schema: { type: "string", description: stream.description },
          "x-event-schema": name(stream),
        },
      }),
    },
  };
}

function toErrors({ errors, shape }: Operation): Json {
  const statuses = [...new Set(errors.map((code) => ERROR_CODES[code].status))].sort();
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      { $ref: `#/components/responses/${ERROR_SCHEMAS[shape]}${status}` },
    ]),
  );
}

/** One for each status and each shape of error. */
function errorResponses(): Json {
  const rows = errorRows();
  const statuses = [...new Set(rows.map(({ status }) => status))];
  const responses = Object.values(ERROR_SCHEMAS).flatMap((schema) =>
    statuses.map((status) => {
      const notes = rows.filter((it) => it.status === status).map((it) => ERROR_NOTES[it.code]);
      const names = ["x-request-id", ...(RETRIED.has(status) ? ["retry-after"] : [])];
      const response = {
        description: notes.map(({ when, remedy }) => `${when} ${remedy}`).join("\n\n"),
        headers: Object.fromEntries(names.map((name) => [name, toHeaderRef(name)])),
        content: { "application/json": { schema: toRef(schema) } },
      };
      return [`${schema}${status}`, response];
    }),
  );
  return Object.fromEntries(responses);
}

const RETRIED = new Set([429, 503]);

function headerObjects(): Json {
  const all = [...ANSWER_HEADERS, ...LIMIT_HEADERS.openai, ...LIMIT_HEADERS.anthropic];
  return Object.fromEntries(
    all.map(({ name, description, schema }) => [name, { description, schema }]),
  );
}

function toParameter({ name, description, schema }: (typeof REQUEST_HEADERS)[number]): Json {
  return { name, in: "header", required: false, description, schema };
}

const toRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const toHeaderRef = (name: string) => ({ $ref: `#/components/headers/${name}` });

let made: { text: string; etag: string } | undefined;

/** The document as it is sent: the same for the life of the process, so that it is made once. */
export function openApiText(): { text: string; etag: string } {
  if (made) return made;
  const text = JSON.stringify(toOpenApiDocument());
  const digest = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  made = { text, etag: `"${digest}"` };
  return made;
}
