import type { ChatTemplate } from "../text/chat-template";
import type { AddedToken } from "../text/tokenizer-schema";
import { createToolText, type ToolText } from "../text/tool-text";
import type { AnswerFormat } from "./answer-format";
import { type CallSyntax, createFormat } from "./create-format";
import { DEEPSEEK_FENCED, DEEPSEEK_PLAIN } from "./formats/deepseek";
import { HARMONY, HARMONY_REASONING } from "./formats/harmony";
import { HERMES } from "./formats/hermes";
import { JSON_CALLS } from "./formats/json";
import { LLAMA_3 } from "./formats/llama-3";
import { CAPITAL_ARRAY, PIPED_ARRAY, TAGGED_ARRAY } from "./formats/marked-array";
import { MISTRAL_ARRAY, MISTRAL_NAMED, MISTRAL_NAMED_WITH_IDS } from "./formats/mistral";
import { QWEN_CODER } from "./formats/qwen-coder";
import type { ReasoningMarks } from "./reasoning";

/** How one model writes its answers. */
export type ModelAnswerFormat = {
  format: AnswerFormat;
  /** What stands around its reasoning, when it reasons. */
  reasoning: ReasoningMarks | undefined;
  /** Whether even plain answers must be parsed, because all text stands in marks. */
  needsParser: boolean;
  /** Whether a rendered prompt ends inside of reasoning. */
  beginsInReasoning(prompt: string): boolean;
  /** Control tokens of its vocabulary that an answer's text must spell out. */
  spelledIds: ReadonlySet<number>;
  /** How tools go into plain messages, where the model's template does not do it; for `ChatTemplate.render`. */
  toolText: ToolText | undefined;
};

export type DetectOptions = {
  chatTemplate: Pick<ChatTemplate, "source" | "abilities"> & Partial<Pick<ChatTemplate, "family">>;
  addedTokens: readonly AddedToken[];
};

/** What tells a family in its template, the most telling first: marks of one may stand in templates of others. */
const FAMILIES: readonly (readonly [(template: string) => boolean, CallSyntax])[] = [
  [(it) => it.includes("<|channel|>") && it.includes("<|message|>"), HARMONY],
  [(it) => it.includes("<｜tool▁calls▁begin｜>") && it.includes("```json"), DEEPSEEK_FENCED],
  [(it) => it.includes("<｜tool▁calls▁begin｜>"), DEEPSEEK_PLAIN],
  [(it) => it.includes("[TOOL_CALLS]") && it.includes("[CALL_ID]"), MISTRAL_NAMED_WITH_IDS],
  [(it) => it.includes("[TOOL_CALLS]") && it.includes("[ARGS]"), MISTRAL_NAMED],
  [(it) => it.includes("[TOOL_CALLS]"), MISTRAL_ARRAY],
  [(it) => it.includes("<function=") && it.includes("<parameter="), QWEN_CODER],
  // GLM has the same mark around something else.
  [(it) => it.includes("<tool_call>") && !it.includes("<arg_key>"), HERMES],
  [(it) => it.includes("<|python_tag|>") || it.includes("Environment: ipython"), LLAMA_3],
  [(it) => it.includes("<|tool_call|>"), PIPED_ARRAY],
  [(it) => it.includes("<TOOLCALL>"), CAPITAL_ARRAY],
  [(it) => it.includes("<tool_calls>"), TAGGED_ARRAY],
];

/**
 * Of families whose template speaks of no tools: what in a vocabulary says that the model was trained to call
 * them, and how. The earlier models of each were not, and have not the token.
 */
const FAMILY_CALLS: readonly (readonly [template: string, token: string, CallSyntax])[] = [
  ["qwen-7b-chat", "<tool_call>", HERMES],
  ["OpenHermes-2.5-Mistral-7B", "<tool_call>", HERMES],
  ["Nous-Hermes-2-Mixtral-8x7B-DPO", "<tool_call>", HERMES],
  ["llama-3", "<|python_tag|>", LLAMA_3],
  ["mistral", "[TOOL_CALLS]", MISTRAL_ARRAY],
];

/** What families write around their reasoning; the first pair that a model knows is its own. */
const REASONING_MARKS: readonly ReasoningMarks[] = [
  HARMONY_REASONING,
  { open: "<think>", close: "</think>" },
  { open: "[THINK]", close: "[/THINK]" },
  { open: "<seed:think>", close: "</seed:think>" },
  { open: "<mm:think>", close: "</mm:think>" },
  { open: "◁think▷", close: "◁/think▷" },
  { open: "<|START_THINKING|>", close: "<|END_THINKING|>" },
];

/**
 * Reads from a model's template and vocabulary how it writes calls and reasoning. The template decides on
 * calls, since vocabularies hold the marks of models that one was made from. Reasoning may stand in either:
 * some models write it of themselves.
 */
export function detectAnswerFormat({
  chatTemplate,
  addedTokens,
}: DetectOptions): ModelAnswerFormat {
  const { source: template, abilities, family: conversation } = chatTemplate;
  const hasToken = (content: string) => addedTokens.some((token) => token.content === content);
  const family = FAMILIES.find(([matches]) => matches(template ?? ""))?.[1];
  const byName = FAMILY_CALLS.find(
    ([name, token]) => name === conversation?.name && hasToken(token),
  )?.[2];
  const syntax = family ?? byName ?? JSON_CALLS;
  const knows = (mark: string) => template?.includes(mark) || hasToken(mark);
  const reasoning = REASONING_MARKS.find(({ open, close }) => knows(open) && knows(close));
  const format = createFormat(syntax, reasoning);
  const spelled = addedTokens.filter(
    (token) => token.special && format.spelledTokens.includes(token.content),
  );
  // Tools described in a form that we do not read would be asked for in that form.
  const isOwn = family !== undefined && abilities.takesTools && abilities.takesCalls;
  return {
    format,
    reasoning,
    needsParser: syntax.readWhole !== undefined,
    beginsInReasoning: (prompt) =>
      reasoning !== undefined && prompt.trimEnd().endsWith(reasoning.open),
    spelledIds: new Set(spelled.map((token) => token.id)),
    toolText: isOwn ? undefined : createToolText(syntax),
  };
}
