import * as z from "zod";
import { TOOLS_MAX } from "@/lib/limits";
import { type Grammar, jsonSchemaSchema, type ToolRequest } from "@/lib/protocol/answer-shape";
import { cacheControlSchema } from "@/lib/protocol/cache-mark";
import type { ReasoningEffort } from "@/lib/protocol/generate-request";
import { toolNameSchema } from "@/lib/protocol/message";
import { refuse, reject } from "@/lib/util/refuse";
import { neutralPart } from "./fields";

/** What an answer must look like, in Anthropic's fields: `output_config`, `tools`, `tool_choice`, `thinking`. */

const objectSchema = z
  .record(z.string(), z.unknown())
  .transform((schema): z.input<typeof jsonSchemaSchema> => schema)
  .pipe(jsonSchemaSchema);

export const outputFormatSchema = z
  .strictObject({ type: z.literal("json_schema"), schema: objectSchema })
  .transform(({ schema }): Grammar => ({ type: "json-schema", schema }));

export const outputConfigSchema = z.strictObject({
  effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(),
  format: outputFormatSchema.nullish(),
});

const customToolSchema = z.strictObject({
  type: z.literal("custom").nullish(),
  name: toolNameSchema,
  description: z.string().nullish(),
  input_schema: objectSchema.superRefine((schema, context) => {
    if (typeof schema === "object" && schema.type === "object") return;
    reject(context, ["type"], 'must be "object": the input of a tool is one.');
  }),
  strict: z.boolean().nullish(),
  cache_control: cacheControlSchema.nullish(),
  /** Input is streamed as it is written; `false` only asked to hold it back. */
  eager_input_streaming: z.boolean().nullish(),
  allowed_callers: neutralPart(
    z.array(z.literal("direct")).max(1),
    'Tools are called by the model alone; remove it or send ["direct"].',
  ),
  defer_loading: neutralPart(z.literal(false), "All tools are told at once; remove it."),
  input_examples: neutralPart(z.array(z.unknown()).max(0), "Put examples into `description`."),
});

/** Tools of other types are run on Anthropic's servers, or known to their models alone. */
const toolSchema = z
  .looseObject({ type: z.string().nullish() })
  .superRefine(({ type }, context) => {
    if (type == null || type === "custom") return;
    const message = `names a type of tool that is not supported ("${type.slice(0, 40)}"); send tools of your own, with an \`input_schema\`.`;
    refuse(context, { path: ["type"], message });
  })
  .pipe(customToolSchema);

export const toolsSchema = z.array(toolSchema).max(TOOLS_MAX);

const disable_parallel_tool_use = z.boolean().nullish();

export const toolChoiceSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("auto"), disable_parallel_tool_use }),
  z.strictObject({ type: z.literal("any"), disable_parallel_tool_use }),
  z.strictObject({
    ...{ type: z.literal("tool"), disable_parallel_tool_use },
    name: z.string().min(1),
  }),
  z.strictObject({ type: z.literal("none") }),
]);

/** "high" is what they take an absent effort for, and any model does. */
export function toReasoningEffort(
  config: z.infer<typeof outputConfigSchema> | null | undefined,
): ReasoningEffort | undefined {
  const effort = config?.effort;
  return effort == null || effort === "high" ? undefined : effort;
}

type ToolFields = {
  tools?: z.infer<typeof toolsSchema> | null | undefined;
  tool_choice?: z.infer<typeof toolChoiceSchema> | null | undefined;
};

/** Says what the tools' fields contradict each other in. */
export function checkTools(body: ToolFields, context: z.core.$RefinementCtx): void {
  const { tools, tool_choice: choice } = body;
  const names = tools?.map((tool) => tool.name) ?? [];
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) {
    reject(context, ["tools", twice, "name"], "names another tool already; give each its own.");
  }
  if (choice?.type !== "any" && choice?.type !== "tool") return;
  if (names.length === 0) {
    reject(context, ["tool_choice"], "needs `tools`; send them with it or remove it.");
  } else if (choice.type === "tool" && !names.includes(choice.name)) {
    reject(context, ["tool_choice", "name"], "names none of `tools`.");
  }
}

/** Undefined when no tool is offered. */
export function toToolRequest({ tools, tool_choice }: ToolFields): ToolRequest | undefined {
  if (!tools || tools.length === 0) return undefined;
  const isSingle =
    tool_choice && tool_choice.type !== "none" && tool_choice.disable_parallel_tool_use;
  return {
    tools: tools.map(({ name, description, input_schema: parameters, strict }) => ({
      ...{ name, parameters },
      ...(description != null && { description }),
      ...(strict != null && { isStrict: strict }),
    })),
    choice: toChoice(tool_choice),
    isParallel: !isSingle,
  };
}

function toChoice(choice: ToolFields["tool_choice"]): ToolRequest["choice"] {
  if (!choice) return "auto";
  if (choice.type === "tool") return { name: choice.name };
  return choice.type === "any" ? "required" : choice.type;
}
