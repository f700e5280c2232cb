import type { ToolRequest } from "./answer/answer-format";
import { AnswerSplitter } from "./answer/answer-splitter";
import { offeredTools } from "./answer/create-format";
import type { ModelAnswerFormat } from "./answer/detect-answer-format";
import { structureAfterReasoning, toStructure } from "./answer/reasoning";
import type { GrammarSpec, Structure } from "./grammar/grammar";

/** What a request says of the shape of its answer. */
export type AnswerWish = {
  grammar?: GrammarSpec | undefined;
  toolRequest?: ToolRequest | undefined;
  splitReasoning?: boolean | undefined;
};

export type AnswerPlan = {
  /** What every token is held to; undefined where anything goes. */
  grammar: GrammarSpec | undefined;
  /** Tells parts apart; undefined where all of the answer is text. */
  splitter: AnswerSplitter | undefined;
};

/**
 * How an answer is held to its shape and taken apart.
 *
 * @param prompt the rendered prompt; undefined for a prompt of ids, of which nobody knows where it ends.
 */
export function planAnswer(
  wish: AnswerWish,
  { format, reasoning, beginsInReasoning }: ModelAnswerFormat,
  prompt: string | undefined,
): AnswerPlan {
  const { toolRequest, splitReasoning: splitsReasoning = false } = wish;
  const tools = offeredTools(toolRequest);
  const hasBegun = prompt !== undefined && beginsInReasoning(prompt);
  const calls = toolRequest && tools && format.toStructure(toolRequest);
  const grammar = join(wish, calls, () => {
    const forced = toolRequest && format.toStructure({ ...toolRequest, choice: "required" });
    return tools && forced;
  });
  const mayReason = reasoning !== undefined && splitsReasoning;
  const splits = tools !== undefined || mayReason;
  const options = { tools, splitsReasoning, beginsInReasoning: hasBegun };
  return {
    grammar: grammar && mayReason ? structureAfterReasoning(grammar, reasoning, hasBegun) : grammar,
    splitter: splits ? new AnswerSplitter(format.createParser(options)) : undefined,
  };
}

/**
 * One grammar of what the text must look like and what calls must look like. Where both are free to
 * come, an answer is one of them: calls and nothing else, or text of the asked shape.
 */
function join(
  { grammar, toolRequest }: AnswerWish,
  calls: Structure | undefined,
  onlyCalls: () => Structure | undefined,
): GrammarSpec | undefined {
  const isForced = toolRequest?.choice === "required" || typeof toolRequest?.choice === "object";
  if (!grammar || isForced) return calls ? { type: "structure", structure: calls } : grammar;
  const alternative = onlyCalls();
  if (!alternative) return grammar;
  return {
    type: "structure",
    structure: { type: "one-of", parts: [alternative, toStructure(grammar)] },
  };
}
