import type * as z from "zod";
import type { ErrorCode } from "@/lib/errors";
import type { ApiScope } from "@/lib/protocol/api-key";

/** A schema under the name that it bears in the document. */
export type NamedSchema = { name: string; schema: z.ZodType };

export type Parameter = {
  name: string;
  in: "path" | "query";
  description: string;
  schema: z.ZodType;
};

/** One operation of the API. `operations.test.ts` holds each to its route's handler. */
export type Operation = {
  /** Unique, for the names that generated clients give. */
  id: string;
  method: "get" | "post" | "delete";
  /** With its parameters in braces. */
  path: string;
  tag: "Generation" | "Texts" | "Models and tokens" | "Responses" | "FastChat" | "About";
  summary: string;
  description?: string;
  /** What a key must allow; `none` where no key is asked for. */
  scope: ApiScope | "none";
  /** Whose error object is spoken. */
  shape: "openai" | "anthropic";
  parameters?: readonly Parameter[];
  request?: NamedSchema & {
    /** What tells the form, where the schema is code that hands most of the body on to this one. */
    form?: z.ZodType;
    /** Fields of the form that are otherwise here. */
    changes?: Readonly<Record<string, z.ZodType>>;
    /** Sentences for fields that mean something else here than in the others. */
    notes?: Readonly<Record<string, string>>;
    /** Fields of which one is needed, where none is by itself. */
    anyOf?: readonly string[];
    example: Record<string, unknown>;
  };
  /** With status 200. */
  reply: NamedSchema & { description: string };
  /** With `stream: true`: what each server-sent event holds. */
  stream?: NamedSchema & { description: string };
  errors: readonly ErrorCode[];
};

const ANY: readonly ErrorCode[] = ["internal", "unavailable"];
const KEYED: readonly ErrorCode[] = [...ANY, "unauthenticated", "forbidden"];
const BODY: readonly ErrorCode[] = [
  ...(["invalid-request", "unsupported-parameter"] as const),
  ...(["body-too-large", "unsupported-media-type"] as const),
];
const MODEL: readonly ErrorCode[] = [
  ...(["model-not-found", "context-length-exceeded", "overloaded", "rate-limited"] as const),
  ...(["quota-exceeded", "upstream-invalid", "worker-lost", "no-worker", "timeout"] as const),
];

/** What operations of a kind can fail with. */
export const ERRORS_OF = {
  open: ANY,
  reading: [...KEYED, "rate-limited"],
  object: [...KEYED, "rate-limited", "not-found"],
  model: [...KEYED, ...BODY, ...MODEL],
  body: [...KEYED, ...BODY, "rate-limited"],
} as const satisfies Record<string, readonly ErrorCode[]>;
