import * as z from "zod";
import { toAppError } from "@/lib/errors";
import { StartError } from "@/lib/util/start-error";
import { type Conversation, toSystemPrompt } from "./conversation";
import { findStyle } from "./separator-style";
import { toSeparatorStyle } from "./style-number";

/**
 * A conversation template as a record: FastChat's `Conversation` (fastchat/conversation.py), as its workers
 * answer `/worker_get_conv_template` and as an operator writes it into a file. What only concerns pictures
 * and screens is left out.
 */
const text = z
  .string()
  .nullish()
  .transform((it) => it ?? "");

/** Of a turn with pictures only the words; a template of a text model has none. */
const spokenSchema = z.union([z.string(), z.null(), z.tuple([z.string()]).rest(z.unknown())]);

export const conversationSchema = z
  .looseObject({
    name: z.string(),
    system_template: z.string().default("{system_message}"),
    system_message: text,
    /** The user's and the assistant's; a few templates have a third one, for the system. */
    roles: z.array(z.string()).min(2),
    /** Turns that stand before every conversation, as examples. */
    messages: z.array(z.tuple([z.string(), spokenSchema])).default([]),
    /** FastChat's number for it, or the name that its code has. */
    sep_style: z.union([
      z.number().int(),
      z.string().refine((name) => findStyle(name) !== undefined, {
        error: "is no separator style of FastChat's, such as ADD_COLON_TWO or CHATML",
      }),
    ]),
    sep: text,
    sep2: text,
    stop_str: z
      .union([z.string(), z.array(z.string()), z.null()])
      .optional()
      .transform((it) => [it ?? []].flat().filter((stop) => stop !== "")),
    stop_token_ids: z
      .array(z.number().int())
      .nullish()
      .transform((it) => it ?? []),
  })
  .transform((record): Conversation => {
    const { name, sep_style: style, roles } = record;
    const isLater = "max_image_size_mb" in record || "system_message_vision" in record;
    const named = typeof style === "string" ? findStyle(style) : undefined;
    const [user = "", assistant = ""] = roles;
    return {
      name,
      style: named ?? toSeparatorStyle({ name, number: Number(style), isLater }),
      systemTemplate: record.system_template,
      systemMessage: record.system_message,
      roles: [user, assistant],
      turns: record.messages.map(([role, spoken]) => ({
        role,
        text: (Array.isArray(spoken) ? spoken[0] : spoken) ?? "",
      })),
      ...{ separator: record.sep, separator2: record.sep2 },
      ...{ stop: record.stop_str, stopTokenIds: record.stop_token_ids },
    };
  });

/**
 * The record in a file: by itself, as `/worker_get_conv_template` wraps it, or as `parley models templates
 * --json` does.
 *
 * @param path for the message.
 * @throws StartError naming what is wrong with it.
 */
export function parseTemplateRecord(text: string, path: string): Conversation {
  const json = parseJson(text, path);
  const isObject = typeof json === "object" && json !== null;
  const inner = isObject && "conv" in json ? json.conv : undefined;
  const facts = isObject && "facts" in json ? json.facts : undefined;
  try {
    const conversation = conversationSchema.parse(inner ?? facts ?? json);
    toSystemPrompt(conversation);
    return conversation;
  } catch (cause) {
    throw new StartError({
      message: `${path} holds no conversation template: ${describe(cause)}`,
      remedy: "It needs name, roles, sep_style and sep, as FastChat's workers tell them.",
      cause,
    });
  }
}

/** A style's number and a system part that are not known are found while a record is read. */
function describe(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return toAppError(cause).message;
  const [issue] = cause.issues;
  const place = issue?.path.length ? `\`${issue.path.join(".")}\`: ` : "";
  return `${place}${issue?.message ?? ""}.`;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StartError({
      message: `${path} is not valid JSON.`,
      remedy: "Write FastChat's conversation template into it again.",
      cause,
    });
  }
}
