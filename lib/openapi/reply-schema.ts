import * as z from "zod";
import type { SchemaObject } from "./request-schema";

/**
 * A schema that tells the form of `Reply`, and that the compiler holds to it: each fits the other. What
 * types cannot say, that nothing else is sent, app/v1/openapi-replies.test.ts finds in real replies.
 *
 * @example const usageSchema = formOf<OpenAiUsage>()(z.object({ prompt_tokens: z.number().int(), … }));
 */
export function formOf<Reply>() {
  return <Schema extends z.ZodType<Reply>>(
    schema: [Reply] extends [z.infer<Schema>] ? Schema : never,
  ): Schema => schema;
}

/** The form of a reply as JSON Schema. Fields may be added to objects in time, so that none is closed. */
export function toReplySchema(schema: z.ZodType): SchemaObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    ...{ io: "output", target: "draft-2020-12", reused: "inline" },
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return json;
}
