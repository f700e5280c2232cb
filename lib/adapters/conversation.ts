import { AppError } from "@/lib/errors";
import type { SeparatorStyle } from "./separator-style";

export type Turn = {
  role: string;
  /** Empty: the turn is open, and what the model writes goes on from there. */
  text: string;
};

/** FastChat's `Conversation` (fastchat/conversation.py): a template and the turns so far. */
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
      message: `The conversation template \`${name}\` has a system part that cannot be filled.`,
    });
  });
}

/** Whether what a system message says can reach the model. */
export function hasPlaceForSystem({ style, systemTemplate }: Conversation): boolean {
  return style !== "gemma" && systemTemplate.replaceAll("{{", "").includes("{system_message}");
}
