import * as z from "zod";
import { AppError } from "@/lib/errors";
import { type SeparatorStyle, toSeparatorStyle } from "./separator-style";

/**
 * A worker's conversation template: FastChat's `Conversation` as a record (fastchat/conversation.py), which
 * `/worker_get_conv_template` answers with. What only concerns pictures and screens is left out.
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
    sep_style: z.number().int(),
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
    const { name, sep_style: number, roles } = record;
    const isLater = "max_image_size_mb" in record || "system_message_vision" in record;
    const [user = "", assistant = ""] = roles;
    return {
      name,
      style: toSeparatorStyle({ name, number, isLater }),
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

export type Turn = {
  role: string;
  /** Empty: the turn is open, and what the model writes goes on from there. */
  text: string;
};

export type Conversation = {
  name: string;
  style: SeparatorStyle;
  /** In Python's format words, with `{system_message}` where the message goes. */
  systemTemplate: string;
  systemMessage: string;
  roles: [user: string, assistant: string];
  turns: Turn[];
  separator: string;
  separator2: string;
  stop: string[];
  stopTokenIds: number[];
};

const FIELD = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/**
 * The system part, by `str.format`'s rules: doubled braces are braces.
 *
 * @throws AppError `upstream-invalid` for a template that Python could not fill either.
 */
export function toSystemPrompt({ name, systemTemplate, systemMessage }: Conversation): string {
  return systemTemplate.replace(FIELD, (found, field: string | undefined) => {
    if (found === "{{" || found === "}}") return found.charAt(0);
    if (field === "system_message") return systemMessage;
    throw new AppError("upstream-invalid", {
      message: `The template \`${name}\` of a FastChat worker has a system part that cannot be filled.`,
    });
  });
}

/** Whether what a system message says can reach the model. */
export function hasPlaceForSystem({ style, systemTemplate }: Conversation): boolean {
  return style !== "gemma" && systemTemplate.replaceAll("{{", "").includes("{system_message}");
}
