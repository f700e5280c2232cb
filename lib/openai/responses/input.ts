import * as z from "zod";
import { MESSAGES_MAX } from "@/lib/limits";
import { cacheBreakpointSchema } from "@/lib/protocol/cache-mark";
import { readImageUrl } from "@/lib/protocol/image-data";
import { toolNameSchema } from "@/lib/protocol/message";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { adopt, refuse, reject } from "@/lib/util/refuse";
import type {
  FunctionCallItem,
  FunctionCallOutputItem,
  InputImagePart,
  InputMessageItem,
  InputPart,
  InputTextPart,
  OutputMessageItem,
  ReasoningItem,
} from "./item";

/** `input` of a request → items, still without ids. Types and parts that are not offered are named, with what to do. */

/** A stored item that stands in for itself. */
export type ItemReference = { type: "item_reference"; id: string };

type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;
export type GivenItem =
  | Unnumbered<
      | InputMessageItem
      | OutputMessageItem
      | FunctionCallItem
      | FunctionCallOutputItem
      | ReasoningItem
    >
  | ItemReference;

const PARTS_NOT_OFFERED = ["input_file", "input_audio", "refusal"];

export const inputPartSchema = z.strictObject({
  type: z.literal("input_text"),
  text: textSchema,
  prompt_cache_breakpoint: cacheBreakpointSchema.nullish(),
});

const toldTextSchema = inputPartSchema.transform(
  ({ text }): InputTextPart => ({ type: "input_text", text }),
);

export const inputImageSchema = z
  .strictObject({
    type: z.literal("input_image"),
    image_url: z.string().nullish(),
    detail: z.enum(["auto", "low", "high"]).nullish(),
    file_id: z.null("names a file, and none are kept here; send the image itself.").optional(),
    prompt_cache_breakpoint: cacheBreakpointSchema.nullish(),
  })
  .transform(({ image_url: url, detail }, context): InputImagePart => {
    const read = readImageUrl(url ?? "");
    if ("message" in read) reject(context, ["image_url"], read.message);
    return { type: "input_image", image_url: url ?? "", detail: detail ?? "auto" };
  });

export const outputPartSchema = z.strictObject({
  type: z.literal("output_text"),
  text: textSchema,
  // Whatever these say is not shown to a model; clients send answers back as they came.
  annotations: z.array(z.unknown()).nullish(),
  logprobs: z.array(z.unknown()).nullish(),
  parsed: z.unknown().optional(),
});

/** Parts of the types that may stand in this place. */
function partsOf<Part extends z.ZodType>(schemas: Readonly<Record<string, Part>>) {
  const [type] = Object.keys(schemas);
  const part = z.looseObject({ type: z.string() }).transform((given, context): z.output<Part> => {
    const schema = Object.hasOwn(schemas, given.type) ? schemas[given.type] : undefined;
    if (PARTS_NOT_OFFERED.includes(given.type)) {
      const message = `names a type of part that is not supported ("${given.type}"); send {"type":"${type}","text":"…"}.`;
      refuse(context, { path: ["type"], message });
    } else if (schema === undefined) {
      const expected = Object.keys(schemas).map((it) => `"${it}"`);
      reject(context, ["type"], `must be ${expected.join(" or ")} in a message of this role.`);
    } else {
      const parsed = schema.safeParse(given, { reportInput: true });
      if (parsed.success) return parsed.data;
      adopt(context, [], parsed.error.issues);
    }
    return z.NEVER;
  });
  return z.array(part).min(1);
}

export const inputPartsSchema = partsOf<z.ZodType<InputPart>>({
  input_text: toldTextSchema,
  input_image: inputImageSchema,
});
export const outputPartsSchema = partsOf({ output_text: outputPartSchema }).transform((parts) =>
  parts.map(({ text }) => toOutputPart(text)),
);

function toOutputPart(text: string) {
  return { type: "output_text" as const, text, annotations: [], logprobs: [] };
}

const status = z.enum(["in_progress", "completed", "incomplete"]).nullish();
/** Ours are given anew to each request's items, so that none stands twice in a list. */
const itemId = z.string().max(256).nullish();
const callId = z.string().min(1).max(128);
/** Who called: a program on OpenAI's side, or the model itself. */
const caller = z.strictObject({ type: z.literal("direct") }).nullish();

const messageFields = {
  type: z.literal("message").nullish(),
  id: itemId,
  status,
  phase: z.enum(["commentary", "final_answer"]).nullish(),
};

export const inputMessageSchema = z
  .strictObject({
    ...messageFields,
    role: z.enum(["user", "system", "developer"]),
    content: z.union([textSchema, inputPartsSchema]),
  })
  .superRefine(({ role, content }, context) => {
    if (role === "user" || typeof content === "string") return;
    const at = content.findIndex((part) => part.type !== "input_text");
    const message = "is an image, which only a message of the user or of a tool can show.";
    if (at !== -1) reject(context, ["content", at, "type"], message);
  })
  .transform(
    ({ role, content }): GivenItem => ({
      ...{ type: "message", role, status: "completed" },
      content: typeof content === "string" ? [{ type: "input_text", text: content }] : content,
    }),
  );

export const outputMessageSchema = z
  .strictObject({
    ...messageFields,
    role: z.literal("assistant"),
    content: z.union([textSchema, outputPartsSchema]),
  })
  .transform(
    ({ content }): GivenItem => ({
      ...{ type: "message", role: "assistant", status: "completed" },
      content: typeof content === "string" ? [toOutputPart(content)] : content,
    }),
  );

const ROLES = ["user", "system", "developer", "assistant"];

export const functionCallSchema = z
  .strictObject({
    type: z.literal("function_call"),
    id: itemId,
    status,
    call_id: callId,
    name: toolNameSchema,
    arguments: textSchema,
    caller,
    namespace: z.null().optional(),
    // What the official client's parser adds to the answers it hands out.
    parsed_arguments: z.unknown().optional(),
  })
  .transform(
    ({ call_id, name, arguments: text }): GivenItem => ({
      ...{ type: "function_call", call_id, name, arguments: text, status: "completed" },
    }),
  );

export const functionCallOutputSchema = z
  .strictObject({
    type: z.literal("function_call_output"),
    id: itemId,
    status,
    call_id: callId,
    output: z.union([textSchema, inputPartsSchema]),
    caller,
  })
  .transform(
    ({ call_id, output }): GivenItem => ({
      ...{ type: "function_call_output", call_id, output, status: "completed" },
    }),
  );

export const reasoningItemSchema = z
  .strictObject({
    type: z.literal("reasoning"),
    id: itemId,
    status,
    summary: z
      .array(z.strictObject({ type: z.literal("summary_text"), text: textSchema }))
      .nullish(),
    content: z
      .array(z.strictObject({ type: z.literal("reasoning_text"), text: textSchema }))
      .nullish(),
    encrypted_content: z.null("is not one of this server's; remove it.").optional(),
  })
  .transform(
    ({ summary, content }): GivenItem => ({
      ...{ type: "reasoning", summary: summary ?? [], status: "completed" },
      ...(content && { content }),
    }),
  );

export const referenceSchema = z
  .strictObject({ type: z.literal("item_reference").nullish(), id: z.string().min(1).max(256) })
  .transform(({ id }): GivenItem => ({ type: "item_reference", id }));

const SCHEMAS: Record<string, z.ZodType<GivenItem>> = {
  function_call: functionCallSchema,
  function_call_output: functionCallOutputSchema,
  reasoning: reasoningItemSchema,
  item_reference: referenceSchema,
};
const TYPES = ["message", ...Object.keys(SCHEMAS)];

const itemSchema = z.record(z.string(), z.unknown()).transform((given, context): GivenItem => {
  const schema = schemaFor(given, context);
  const parsed = schema?.safeParse(given, { reportInput: true });
  if (parsed?.success) return parsed.data;
  if (parsed) adopt(context, [], parsed.error.issues);
  return z.NEVER;
});

/** Undefined when there is none, which has been said then. */
function schemaFor(
  given: Record<string, unknown>,
  context: z.core.$RefinementCtx,
): z.ZodType<GivenItem> | undefined {
  const { type = Object.hasOwn(given, "role") ? "message" : "item_reference", role } = given;
  if (type === "message" || (type === null && role !== undefined)) {
    if (role === "assistant") return outputMessageSchema;
    if (typeof role === "string" && ROLES.includes(role)) return inputMessageSchema;
    reject(context, ["role"], `must be one of ${ROLES.join(", ")}.`);
    return undefined;
  }
  if (type === null) return referenceSchema;
  if (typeof type === "string" && Object.hasOwn(SCHEMAS, type)) return SCHEMAS[type];
  const message = `names a type of item that is not supported; send one of ${TYPES.join(", ")}.`;
  refuse(context, { path: ["type"], message });
  return undefined;
}

export const inputSchema = z
  .union([textSchema, z.array(itemSchema).max(MESSAGES_MAX)])
  .transform((input): GivenItem[] =>
    typeof input === "string"
      ? [
          {
            ...{ type: "message", role: "user", status: "completed" },
            content: [{ type: "input_text", text: input }],
          },
        ]
      : input,
  );
