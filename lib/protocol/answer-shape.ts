import * as z from "zod";
import { CHOICES_MAX, GRAMMAR_CHARACTERS_MAX, GRAMMAR_DEPTH_MAX, TOOLS_MAX } from "@/lib/limits";
import { toolNameSchema } from "./message";

/** What an answer must look like, and what it may ask to have called. */

/** A JSON schema is checked by whoever compiles it; here only that it is one in shape, and its size. */
export const jsonSchemaSchema = z
  .union([z.boolean(), z.record(z.string(), z.unknown())])
  .superRefine((schema, context) => {
    if (depthOf(schema) > GRAMMAR_DEPTH_MAX) {
      context.addIssue(`must be nested at most ${GRAMMAR_DEPTH_MAX} levels deep.`);
    } else if (JSON.stringify(schema).length > GRAMMAR_CHARACTERS_MAX) {
      context.addIssue(`must have at most ${GRAMMAR_CHARACTERS_MAX} characters as JSON.`);
    }
  });

/** Levels of objects and lists; counted level by level, since what is nested a hundred thousand times is too deep for calls within calls. Stops one beyond the limit. */
export function depthOf(value: unknown): number {
  let depth = 0;
  let level = [value];
  while (level.length > 0 && depth <= GRAMMAR_DEPTH_MAX) {
    depth++;
    level = level.flatMap((it) => (typeof it === "object" && it ? Object.values(it) : []));
  }
  return depth;
}

export const grammarSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("json-object") }),
  z.strictObject({ type: z.literal("json-schema"), schema: jsonSchemaSchema }),
  z.strictObject({
    type: z.literal("regex"),
    pattern: z.string().min(1).max(GRAMMAR_CHARACTERS_MAX),
  }),
  z.strictObject({
    type: z.literal("choice"),
    choices: z
      .array(z.string().min(1))
      .min(1)
      .max(CHOICES_MAX)
      .refine((choices) => choices.join("").length <= GRAMMAR_CHARACTERS_MAX, {
        message: `must have at most ${GRAMMAR_CHARACTERS_MAX} characters together.`,
      }),
  }),
]);

export const toolSchema = z.strictObject({
  name: toolNameSchema,
  description: z.string().optional(),
  parameters: jsonSchemaSchema.optional(),
  isStrict: z.boolean().optional(),
});

export const toolRequestSchema = z
  .strictObject({
    tools: z.array(toolSchema).min(1).max(TOOLS_MAX),
    choice: z
      .union([z.enum(["auto", "none", "required"]), z.strictObject({ name: toolNameSchema })])
      .default("auto"),
    /** Whether one answer may ask for several calls. */
    isParallel: z.boolean().default(true),
  })
  .superRefine(({ tools, choice }, context) => {
    const names = tools.map((tool) => tool.name);
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (twice >= 0) {
      const path = ["tools", twice, "name"];
      context.addIssue({ code: "custom", path, message: "names another tool already." });
    }
    if (typeof choice === "object" && !names.includes(choice.name)) {
      context.addIssue({ code: "custom", path: ["choice", "name"], message: "names no tool." });
    }
  });

export type Grammar = z.infer<typeof grammarSchema>;
export type ToolRequest = z.infer<typeof toolRequestSchema>;
