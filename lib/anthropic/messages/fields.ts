import * as z from "zod";
import { cacheControlSchema } from "@/lib/protocol/cache-mark";
import type { ROUTING_FIELDS } from "@/lib/protocol/routing";
import { accepted, type FieldRule, neutral, read } from "@/lib/util/field-rule";
import { refuse } from "@/lib/util/refuse";

const nothing = z.never();

/** One row for each field of the API reference's "Create a Message"; null means absent in all of them. */
export const MESSAGE_FIELDS = {
  model: read,
  messages: read,
  max_tokens: read,
  system: read,
  stop_sequences: read,
  stream: read,
  tools: read,
  tool_choice: read,
  thinking: read,
  output_config: read,

  cache_control: accepted(cacheControlSchema),
  metadata: read,
  service_tier: accepted(z.enum(["auto", "standard_only"])),
  // Their client sends these two as headers. There is one workspace here, and no profiles.
  user_profile_id: accepted(z.string()),
  workspace_id: accepted(z.string()),

  container: neutral(nothing, "Nothing is executed here; remove it."),
  diagnostics: neutral(nothing, "Remove it."),
  inference_geo: neutral(nothing, "Remove it."),
  speed: neutral(z.literal("standard"), 'Remove it or send "standard".'),
} as const satisfies Record<string, FieldRule>;

/** Fields of earlier versions of the API, which other clients than the pinned one still send. */
export const EARLIER_FIELDS = {
  temperature: read,
  top_k: read,
  top_p: read,
  /** Now `output_config.format`. */
  output_format: read,
} as const satisfies Record<string, FieldRule>;

/** Of their beta only what the pinned client sends unasked: its loop over tools asks for a thread first. */
export const BETA_FIELDS = {
  thread: neutral(nothing, "No conversation is kept; send all of it without this field."),
} as const satisfies Record<string, FieldRule>;

/** Ours, on every wire that asks a model: protocol/routing.ts. */
export const ROUTING_RULES = {
  models: read,
  routing: read,
} as const satisfies Record<keyof typeof ROUTING_FIELDS, FieldRule>;

/** One row for each field of "Count tokens in a Message". */
export const COUNT_FIELDS = {
  model: read,
  messages: read,
  system: read,
  tools: read,
  tool_choice: read,
  thinking: read,
  output_config: read,
  cache_control: MESSAGE_FIELDS.cache_control,
  speed: MESSAGE_FIELDS.speed,
  user_profile_id: MESSAGE_FIELDS.user_profile_id,
  workspace_id: MESSAGE_FIELDS.workspace_id,
} as const satisfies Record<string, FieldRule>;

const neutralParts = new WeakMap<z.core.$ZodType, { schema: z.ZodType; remedy: string }>();

/** What a schema of `neutralPart` takes, for who describes the request. */
export function findNeutralPart(schema: z.core.$ZodType) {
  return neutralParts.get(schema);
}

/** A part of a field that is not offered, and the values of it that ask for nothing. */
export function neutralPart(schema: z.ZodType, remedy: string) {
  const part = z.unknown().superRefine((value, context) => {
    if (value === null || value === undefined || schema.safeParse(value).success) return;
    refuse(context, { path: [], message: `is not supported by this server. ${remedy}` });
  });
  neutralParts.set(part, { schema, remedy });
  return part.optional();
}
