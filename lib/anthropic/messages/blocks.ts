import * as z from "zod";
import { GRAMMAR_DEPTH_MAX } from "@/lib/limits";
import { depthOf } from "@/lib/protocol/answer-shape";
import { cacheControlSchema } from "@/lib/protocol/cache-mark";
import { readBase64, readImageUrl } from "@/lib/protocol/image-data";
import {
  type GivenPart,
  IMAGE_MEDIA_TYPES,
  type ImageAddress,
  type ImagePart,
  type TextPart,
  THOUGHT_SEAL_PREFIX,
  type ToolCall,
  toolNameSchema,
} from "@/lib/protocol/message";
import { textSchema } from "@/lib/protocol/well-formed-text";
import { THOUGHT_SEAL_CHARACTERS_MAX } from "@/lib/upstream-limits";
import { adopt, refuse, reject } from "@/lib/util/refuse";
import { neutralPart } from "./fields";

/** The blocks of a message's content. Types that are not offered are named, with what to do. */

export type Block =
  | { type: "text"; part: TextPart }
  | { type: "image"; part: ImagePart | ImageAddress }
  | { type: "call"; call: ToolCall }
  | { type: "result"; callId: string; content: GivenPart[] }
  /** What an assistant wrote to itself, with what its provider wants to have back of it. */
  | { type: "thought"; text: string; seal: string }
  /** The same without that: not shown to the model again, as the makers of reasoning models advise. */
  | { type: "left" };

export const BLOCKS_NOT_OFFERED = [
  ...(["document", "search_result", "container_upload"] as const),
  ...(["server_tool_use", "web_search_tool_result", "web_fetch_tool_result"] as const),
  ...(["code_execution_tool_result", "bash_code_execution_tool_result"] as const),
  ...(["text_editor_code_execution_tool_result", "tool_search_tool_result"] as const),
] as const;
/** Those that stand in the result of a call alone. */
export const RESULT_BLOCKS_NOT_OFFERED = [
  ...(["document", "search_result", "tool_reference", "browser_state"] as const),
] as const;

const cache_control = cacheControlSchema.nullish();
const callId = z
  .string()
  .regex(/^[\w-]{1,128}$/, "must have 1 to 128 letters, digits, underscores or dashes.");
const toolset_name = neutralPart(z.never(), "Remove it.");

const textBlockSchema = z
  .strictObject({
    ...{ type: z.literal("text"), text: textSchema, cache_control },
    citations: neutralPart(z.array(z.unknown()).max(0), "Remove them."),
  })
  .transform(({ text }): Block => ({ type: "text", part: { type: "text", text } }));

const imageBlockSchema = z
  .strictObject({
    ...{ type: z.literal("image"), cache_control },
    source: z.discriminatedUnion(
      "type",
      [
        z.strictObject({
          type: z.literal("base64"),
          // The bytes say it truer.
          media_type: z.enum(IMAGE_MEDIA_TYPES),
          data: z.string().min(1),
        }),
        z.strictObject({ type: z.literal("url"), url: z.string().min(1) }),
      ],
      { error: 'must be "base64" or "url"; no files are kept here.' },
    ),
  })
  .transform(({ source }, context): Block => {
    const isUrl = source.type === "url";
    const read = isUrl ? readImageUrl(source.url) : readBase64(source.data);
    if ("message" in read) {
      reject(context, ["source", isUrl ? "url" : "data"], read.message);
      return z.NEVER;
    }
    return { type: "image", part: "type" in read ? read : { type: "image", ...read } };
  });

const toolUseBlockSchema = z
  .strictObject({
    ...{ type: z.literal("tool_use"), id: callId, cache_control, toolset_name },
    name: toolNameSchema,
    input: z
      .record(z.string(), z.unknown())
      .refine((input) => depthOf(input) <= GRAMMAR_DEPTH_MAX, {
        message: `must be nested at most ${GRAMMAR_DEPTH_MAX} levels deep.`,
      }),
    caller: neutralPart(z.strictObject({ type: z.literal("direct") }), "Remove it."),
  })
  .transform(({ id, name, input }): Block => {
    return { type: "call", call: { id, name, arguments: JSON.stringify(input) } };
  });

const RESULT_RULES: ContentRules = {
  ...{ path: ["content"], types: ["text", "image"], place: "the result of a call" },
  notOffered: RESULT_BLOCKS_NOT_OFFERED,
};
/** Messages of tools have no field that says so. */
const FAILURE_MARK: TextPart = { type: "text", text: "Error: " };

const toolResultBlockSchema = z
  .strictObject({
    ...{ type: z.literal("tool_result"), tool_use_id: callId, cache_control, toolset_name },
    content: z.union([z.string(), z.array(z.unknown())]).nullish(),
    is_error: z.boolean().nullish(),
  })
  .transform(({ tool_use_id, content, is_error: isError }, context): Block => {
    const parts = toParts(content ?? "", context);
    if (!parts) return z.NEVER;
    return {
      ...{ type: "result", callId: tool_use_id },
      content: isError ? [FAILURE_MARK, ...parts] : parts,
    };
  });

/** A conversation may have begun elsewhere, with what that place signed. */
function toThought(text: string, seal: string): Block {
  const isOurs = seal.startsWith(THOUGHT_SEAL_PREFIX) && seal.length <= THOUGHT_SEAL_CHARACTERS_MAX;
  return isOurs ? { type: "thought", text, seal } : { type: "left" };
}

const thinkingBlockSchema = z
  .strictObject({
    ...{ type: z.literal("thinking"), thinking: z.string() },
    /** Empty of a model that signs nothing. */
    signature: z.string().nullish(),
  })
  .transform(({ thinking, signature }): Block => toThought(thinking, signature ?? ""));
const redactedThinkingBlockSchema = z
  .strictObject({ type: z.literal("redacted_thinking"), data: z.string() })
  .transform(({ data }): Block => toThought("", data));

export const BLOCKS = {
  text: textBlockSchema,
  image: imageBlockSchema,
  tool_use: toolUseBlockSchema,
  tool_result: toolResultBlockSchema,
  thinking: thinkingBlockSchema,
  redacted_thinking: redactedThinkingBlockSchema,
} as const;

export type BlockType = keyof typeof BLOCKS;

export type ContentRules = {
  /** Where the content is, from the schema that reads it. */
  path: PropertyKey[];
  /** What may stand there. */
  types: readonly BlockType[];
  /** The place in words: "a user's message". */
  place: string;
  notOffered: readonly string[];
};

/** Undefined when a block is wrong, which has been said then. */
export function toBlocks(
  content: string | readonly unknown[],
  rules: ContentRules,
  context: z.core.$RefinementCtx,
): Block[] | undefined {
  const { path } = rules;
  if (typeof content === "string") {
    const text = textSchema.safeParse(content);
    if (text.success) return [{ type: "text", part: { type: "text", text: text.data } }];
    adopt(context, path, text.error.issues);
    return undefined;
  }
  const blockSchema = blockSchemaOf(rules);
  const blocks: Block[] = [];
  for (const [index, value] of content.entries()) {
    const block = blockSchema.safeParse(value, { reportInput: true });
    if (!block.success) {
      adopt(context, [...path, index], block.error.issues);
      return undefined;
    }
    blocks.push(block.data);
  }
  return blocks;
}

function toParts(
  content: string | readonly unknown[],
  context: z.core.$RefinementCtx,
): GivenPart[] | undefined {
  const blocks = toBlocks(content, RESULT_RULES, context);
  if (!blocks) return undefined;
  const parts = blocks.flatMap((block) => ("part" in block ? [block.part] : []));
  return parts.length > 0 ? parts : [{ type: "text", text: "" }];
}

function blockSchemaOf({ types, place, notOffered }: ContentRules) {
  return z.looseObject({ type: z.string() }).transform((block, context): Block => {
    const { type } = block;
    const known = types.find((it) => it === type);
    if (known !== undefined) {
      const parsed = BLOCKS[known].safeParse(block, { reportInput: true });
      if (parsed.success) return parsed.data;
      adopt(context, [], parsed.error.issues);
    } else if (notOffered.includes(type)) {
      const message = `names a type of block that is not supported ("${type}"); send text.`;
      refuse(context, { path: ["type"], message });
    } else {
      const expected = types.map((it) => `"${it}"`).join(", ");
      reject(context, ["type"], `must be one of ${expected} in ${place}.`);
    }
    return z.NEVER;
  });
}
