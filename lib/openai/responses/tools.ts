import * as z from "zod";
import { TOOLS_MAX } from "@/lib/limits";
import { jsonSchemaSchema, type ToolRequest } from "@/lib/protocol/answer-shape";
import { toolNameSchema } from "@/lib/protocol/message";
import { adopt, refuse, reject } from "@/lib/util/refuse";

/** Functions a model may ask to have called, in the flat form that this API has for them. */

export const toolFields = z.strictObject({
  type: z.literal("function"),
  name: toolNameSchema,
  description: z.string().nullish(),
  parameters: jsonSchemaSchema.nullish(),
  strict: z.boolean().nullish(),
  // Programs and searches among tools run on OpenAI's side; these values ask for neither.
  allowed_callers: z.tuple([z.literal("direct")]).nullish(),
  defer_loading: z.literal(false).nullish(),
  output_schema: z.null().optional(),
});

export type FunctionTool = {
  type: "function";
  name: string;
  description: string | null;
  parameters: Record<string, unknown> | boolean | null;
  strict: boolean | null;
};

const toolSchema = z.looseObject({ type: z.string() }).transform((given, context): FunctionTool => {
  if (given.type !== "function") {
    const message = `names a type of tool that is not supported ("${given.type.slice(0, 40)}"); send functions, and run them yourself.`;
    refuse(context, { path: ["type"], message });
    return z.NEVER;
  }
  const parsed = toolFields.safeParse(given, { reportInput: true });
  if (!parsed.success) {
    adopt(context, [], parsed.error.issues);
    return z.NEVER;
  }
  const { type, name, description = null, parameters = null, strict = null } = parsed.data;
  return { type, name, description, parameters, strict };
});

export const toolsSchema = z.array(toolSchema).max(TOOLS_MAX);

export const namedToolSchema = z.strictObject({
  type: z.literal("function"),
  name: z.string().min(1),
});
export const allowedToolsSchema = z.strictObject({
  type: z.literal("allowed_tools"),
  mode: z.enum(["auto", "required"]),
  tools: z.array(namedToolSchema).min(1).max(TOOLS_MAX),
});
export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | z.infer<typeof namedToolSchema>
  | z.infer<typeof allowedToolsSchema>;

const CHOICES = ["function", "allowed_tools"];

export const toolChoiceSchema = z.union([
  z.enum(["none", "auto", "required"]),
  z.looseObject({ type: z.string() }).transform((given, context): ToolChoice => {
    if (!CHOICES.includes(given.type)) {
      const message = `names a type of tool that is not supported ("${given.type.slice(0, 40)}"); name a function.`;
      refuse(context, { path: ["type"], message });
      return z.NEVER;
    }
    const schema = given.type === "function" ? namedToolSchema : allowedToolsSchema;
    const parsed = schema.safeParse(given, { reportInput: true });
    if (parsed.success) return parsed.data;
    adopt(context, [], parsed.error.issues);
    return z.NEVER;
  }),
]);

type ToolFields = {
  tools?: FunctionTool[] | null | undefined;
  tool_choice?: ToolChoice | null | undefined;
  parallel_tool_calls?: boolean | null | undefined;
};

/** Says what the tools' fields contradict each other in. */
export function checkTools(body: ToolFields, context: z.core.$RefinementCtx): void {
  const { tools, tool_choice: choice } = body;
  const names = tools?.map((tool) => tool.name) ?? [];
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) {
    const path = ["tools", twice, "name"];
    reject(context, path, "names another tool already; give each its own name.");
  }
  if (choice == null || choice === "none" || choice === "auto") return;
  if (names.length === 0) {
    reject(context, ["tool_choice"], "needs `tools`; send them with it or remove it.");
  } else if (typeof choice === "object" && choice.type === "function") {
    if (!names.includes(choice.name)) {
      reject(context, ["tool_choice", "name"], "names none of `tools`.");
    }
  } else if (typeof choice === "object") {
    const unknown = choice.tools.findIndex(({ name }) => !names.includes(name));
    if (unknown < 0) return;
    reject(context, ["tool_choice", "tools", unknown, "name"], "names none of `tools`.");
  }
}

/** Undefined when no tool is offered. Of `allowed_tools` the model sees no other. */
export function toToolRequest(body: ToolFields): ToolRequest | undefined {
  const { tool_choice: choice, parallel_tool_calls: isParallel } = body;
  const allowed =
    typeof choice === "object" && choice?.type === "allowed_tools" ? choice : undefined;
  const tools = (body.tools ?? []).filter(
    ({ name }) => !allowed || allowed.tools.some((tool) => tool.name === name),
  );
  if (tools.length === 0) return undefined;
  return {
    tools: tools.map(({ name, description, parameters, strict }) => ({
      name,
      ...(description !== null && { description }),
      ...(parameters !== null && { parameters }),
      ...(strict !== null && { isStrict: strict }),
    })),
    choice: toChoice(choice),
    isParallel: isParallel ?? true,
  };
}

function toChoice(choice: ToolChoice | null | undefined): ToolRequest["choice"] {
  if (typeof choice !== "object" || choice === null) return choice ?? "auto";
  return choice.type === "function" ? { name: choice.name } : choice.mode;
}
