import * as z from "zod";
import { CHOICES_MAX, GRAMMAR_CHARACTERS_MAX, TOOLS_MAX } from "@/lib/limits";
import { type Grammar, jsonSchemaSchema, type ToolRequest } from "@/lib/protocol/answer-shape";
import { cacheControlSchema } from "@/lib/protocol/cache-mark";
import { toolNameSchema } from "@/lib/protocol/message";
import { refuse, reject } from "@/lib/util/refuse";

/** What an answer must look like, in OpenAI's fields: `response_format`, `tools`, `tool_choice`. */

export const responseFormatSchema = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({ type: z.literal("json_object") }),
    z.strictObject({
      type: z.literal("json_schema"),
      json_schema: z.strictObject({
        name: toolNameSchema,
        description: z.string().nullish(),
        /** Without one any object will do. */
        schema: jsonSchemaSchema.nullish(),
        /** Answers keep to the schema either way. */
        strict: z.boolean().nullish(),
      }),
    }),
  ])
  .transform((format): Grammar | undefined => {
    if (format.type === "text") return undefined;
    const schema = format.type === "json_schema" ? format.json_schema.schema : undefined;
    return schema == null ? { type: "json-object" } : { type: "json-schema", schema };
  });

const STRUCTURED_ONE = 'must have exactly one of "regex", "choice", "json" and "json_object".';

export const structuredOutputsSchema = z
  .strictObject({
    regex: z.string().min(1).max(GRAMMAR_CHARACTERS_MAX).nullish(),
    choice: z.array(z.string().min(1)).min(1).max(CHOICES_MAX).nullish(),
    json: jsonSchemaSchema.nullish(),
    json_object: z.literal(true).nullish(),
  })
  .transform((asked, context): Grammar => {
    const grammars: Grammar[] = [];
    if (asked.regex != null) grammars.push({ type: "regex", pattern: asked.regex });
    if (asked.choice != null) grammars.push({ type: "choice", choices: asked.choice });
    if (asked.json != null) grammars.push({ type: "json-schema", schema: asked.json });
    if (asked.json_object != null) grammars.push({ type: "json-object" });
    const [grammar, ...others] = grammars;
    if (grammar && others.length === 0) return grammar;
    reject(context, [], STRUCTURED_ONE);
    return z.NEVER;
  });

const functionToolSchema = z.strictObject({
  type: z.literal("function"),
  cache_control: cacheControlSchema.nullish(),
  function: z.strictObject({
    // LiteLLM's clients put the mark here, others beside the function.
    cache_control: cacheControlSchema.nullish(),
    name: toolNameSchema,
    description: z.string().nullish(),
    parameters: jsonSchemaSchema.nullish(),
    strict: z.boolean().nullish(),
  }),
});

/** Tools of other types exist on OpenAI's side and run on their servers. */
export const toolSchema = z
  .looseObject({ type: z.string() })
  .superRefine(({ type }, context) => {
    if (type === "function") return;
    const message = `names a type of tool that is not supported ("${type.slice(0, 40)}"); send functions.`;
    refuse(context, { path: ["type"], message });
  })
  .pipe(functionToolSchema);

export const toolsSchema = z.array(toolSchema).max(TOOLS_MAX);

const namedToolSchema = z.strictObject({
  type: z.literal("function"),
  function: z.strictObject({ name: z.string().min(1) }),
});

/** Some of `tools`, of which one may or must be called. */
const allowedToolsSchema = z.strictObject({
  type: z.literal("allowed_tools"),
  allowed_tools: z.strictObject({
    mode: z.enum(["auto", "required"]),
    tools: z.array(namedToolSchema).min(1).max(TOOLS_MAX),
  }),
});

export const toolChoiceSchema = z.union([
  z.enum(["none", "auto", "required"]),
  z
    .looseObject({ type: z.string() })
    .superRefine(({ type }, context) => {
      if (type !== "custom") return;
      const message = 'names a type of tool that is not supported ("custom"); name a function.';
      refuse(context, { path: ["type"], message });
    })
    .pipe(z.discriminatedUnion("type", [namedToolSchema, allowedToolsSchema])),
]);

type ToolChoiceObject = Extract<z.infer<typeof toolChoiceSchema>, object>;
type ToolFields = {
  tools?: z.infer<typeof toolsSchema> | null | undefined;
  tool_choice?: z.infer<typeof toolChoiceSchema> | null | undefined;
  parallel_tool_calls?: boolean | null | undefined;
};

/** Says what the tools' fields contradict each other in. */
export function checkTools(body: ToolFields, context: z.core.$RefinementCtx): void {
  const { tools, tool_choice: choice } = body;
  const names = tools?.map((tool) => tool.function.name) ?? [];
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) {
    const path = ["tools", twice, "function", "name"];
    reject(context, path, "names another tool already; give each its own name.");
  }
  if (choice == null || choice === "none" || choice === "auto") return;
  if (names.length === 0) {
    reject(context, ["tool_choice"], "needs `tools`; send them with it or remove it.");
  } else if (typeof choice === "object") {
    const wrong = listChosen(choice).find(({ name }) => !names.includes(name));
    if (wrong) reject(context, ["tool_choice", ...wrong.path], "names none of `tools`.");
  }
}

/** The names in a choice, and where in it they stand. */
function listChosen(choice: ToolChoiceObject): { name: string; path: PropertyKey[] }[] {
  if (choice.type === "function") {
    return [{ name: choice.function.name, path: ["function", "name"] }];
  }
  return choice.allowed_tools.tools.map(({ function: { name } }, index) => {
    return { name, path: ["allowed_tools", "tools", index, "function", "name"] };
  });
}

/** Undefined when no tool is offered. */
export function toToolRequest(body: ToolFields): ToolRequest | undefined {
  const { tools, tool_choice: choice, parallel_tool_calls: isParallel } = body;
  if (!tools || tools.length === 0) return undefined;
  const isChosen = typeof choice === "object" && choice !== null;
  const allowed =
    isChosen && choice.type === "allowed_tools"
      ? listChosen(choice).map(({ name }) => name)
      : undefined;
  // A tool that may not be called is best not told of: a model cannot be held to what it does not know.
  const told = tools.filter((tool) => allowed?.includes(tool.function.name) ?? true);
  return {
    tools: told.map(({ function: { name, description, parameters, strict } }) => ({
      name,
      ...(description != null && { description }),
      ...(parameters != null && { parameters }),
      ...(strict != null && { isStrict: strict }),
    })),
    choice: isChosen ? toChoice(choice) : (choice ?? "auto"),
    isParallel: isParallel ?? true,
  };
}

function toChoice(choice: ToolChoiceObject): ToolRequest["choice"] {
  return choice.type === "function" ? { name: choice.function.name } : choice.allowed_tools.mode;
}
