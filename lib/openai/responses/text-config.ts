import * as z from "zod";
import { type Grammar, jsonSchemaSchema } from "@/lib/protocol/answer-shape";
import { toolNameSchema } from "@/lib/protocol/message";
import { refuse } from "@/lib/util/refuse";

/** `text` of a request: what the answer must look like. */

const formatSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text") }),
  z.strictObject({ type: z.literal("json_object") }),
  z.strictObject({
    type: z.literal("json_schema"),
    name: toolNameSchema,
    description: z.string().nullish(),
    schema: jsonSchemaSchema,
    /** Answers keep to the schema either way. */
    strict: z.boolean().nullish(),
  }),
]);

export type TextFormat = z.infer<typeof formatSchema>;

export const textConfigSchema = z
  .strictObject({
    format: formatSchema.nullish(),
    verbosity: z.enum(["low", "medium", "high"]).nullish(),
  })
  .superRefine(({ verbosity }, context) => {
    if (verbosity == null || verbosity === "medium") return;
    const message =
      'is not supported by this server. Remove it or send "medium", and ask for the length you want in `instructions`.';
    refuse(context, { path: ["verbosity"], message });
  });

export function toGrammar(format: TextFormat | null | undefined): Grammar | undefined {
  if (format == null || format.type === "text") return undefined;
  if (format.type === "json_object") return { type: "json-object" };
  return { type: "json-schema", schema: format.schema };
}
