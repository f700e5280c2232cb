import type { SeparatorStyle } from "./separator-style";

/**
 * What FastChat registers of one conversation template (fastchat/conversation.py): roles, separators and
 * stops, which models of the family were trained with. Prose is not repeated here: of a system message of
 * more than a line only the length is known, and example turns are counted.
 */
export type TemplateFacts = {
  name: string;
  /** Undefined: FastChat gave it none and cannot render it either. */
  style: SeparatorStyle | undefined;
  roles: readonly [user: string, assistant: string];
  /** What stands around a system message, in Python's format words; by itself unless given. */
  system?: string;
  /** The system message of a conversation that brings none, where it is a mark or a few words. */
  message?: string;
  /** Characters of FastChat's own where it is longer: taken as absent here. */
  messageLength?: number;
  separator?: string;
  separator2?: string;
  /** Texts that end an answer. */
  stop?: readonly string[];
  /** Ids that end an answer, in the vocabulary of the model that the template was made for. */
  stopIds?: readonly number[];
  /** Turns before every conversation. */
  turns?: readonly (readonly [role: string, text: string])[];
  /** How many such turns FastChat has that are left out here. */
  omittedTurns?: number;
  /** Control tokens that the template writes: a vocabulary without them is another family's. */
  tokens?: readonly string[];
};

/** What ChatML writes around turns. */
export const CHATML_TOKENS = ["<|im_start|>", "<|im_end|>"] as const;
export const CHATML_ROLES = ["<|im_start|>user", "<|im_start|>assistant"] as const;
export const CHATML_SYSTEM = "<|im_start|>system\n{system_message}";
/** How Llama 2 has a system message. */
export const LLAMA2_SYSTEM = "[INST] <<SYS>>\n{system_message}\n<</SYS>>\n\n";
export const INST_ROLES = ["[INST]", "[/INST]"] as const;
