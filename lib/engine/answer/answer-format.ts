import type { JsonSchema, Structure } from "../grammar/grammar";

/** A function that the model may ask to have called. */
export type Tool = {
  name: string;
  description?: string | undefined;
  /** Of its arguments, one object; absent: it takes none. */
  parameters?: JsonSchema | undefined;
  /** Whether arguments must match `parameters` by construction, or the request fails. */
  isStrict?: boolean | undefined;
};

export type ToolChoice = "auto" | "none" | "required" | { name: string };

export type ToolRequest = {
  tools: readonly Tool[];
  choice: ToolChoice;
  /** Whether one answer may ask for several calls. */
  isParallel: boolean;
};

/** What an answer is made of, in order, as it comes. */
export type AnswerPart =
  | { type: "text"; text: string }
  /** What the model writes to itself before it answers. */
  | { type: "reasoning"; text: string }
  /** The first of a call; its name is whole. */
  | { type: "tool-call-start"; index: number; id: string; name: string }
  /** More of the JSON text of a call's arguments; all of them in order are the whole. */
  | { type: "tool-call-arguments"; index: number; text: string };

/**
 * Takes an answer's text as it comes, in pieces cut anywhere, and tells its parts. Never throws: what
 * is no proper call is text. What might yet become one is held back, and nothing else is.
 */
export interface AnswerParser {
  push(text: string): AnswerPart[];
  /** The rest, when no text follows. */
  flush(): AnswerPart[];
}

export type AnswerParserOptions = {
  /** The tools that were offered; undefined: calls are text. */
  tools: readonly Tool[] | undefined;
  /** Whether reasoning is told apart; else it is text with its marks as the model wrote them. */
  splitsReasoning: boolean;
  /** Whether the prompt ends inside of reasoning (the template opened it). */
  beginsInReasoning: boolean;
  /** Draws a call's id; for tests. */
  createId?: () => string;
};

/** Whose arguments are held to schemas: those of strict tools, or also those that a call is demanded of. */
export type Holding = "strict" | "demanded";

/** How one family of models writes calls and reasoning, as far as it knows any. */
export type AnswerFormat = {
  /** As in the log: "hermes", "llama-3", "mistral", "deepseek", "json". */
  name: string;
  /** Control tokens that are part of the format: spelled out in the text that the parser gets. */
  spelledTokens: readonly string[];
  createParser(options: AnswerParserOptions): AnswerParser;
  /**
   * What answers to `request` may look like, or undefined where anything goes. With "required" or a
   * named tool the answer is nothing but calls, whose arguments are held to their schemas where that can be
   * done; with "auto" the arguments of strict tools are held to theirs and all else is free.
   *
   * @param holding "strict" holds the arguments of strict tools alone to their schemas, whatever the choice.
   * @throws AppError that names the tool and the cause where a strict one cannot be held to its schema.
   */
  toStructure(request: ToolRequest, holding?: Holding): Structure | undefined;
};
