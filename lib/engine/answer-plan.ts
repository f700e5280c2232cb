import type { AnswerFormat, Holding, ToolRequest } from "./answer/answer-format";
import { AnswerSplitter } from "./answer/answer-splitter";
import { offeredTools } from "./answer/create-format";
import type { ModelAnswerFormat } from "./answer/detect-answer-format";
import { answerInMarks, structureAfterReasoning } from "./answer/reasoning";
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
  /** What they are held to where `grammar` is too large or slow to be kept to; undefined: then it fails. */
  looserGrammar?: GrammarSpec | undefined;
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
  model: ModelAnswerFormat,
  prompt: string | undefined,
): AnswerPlan {
  const { format, reasoning, beginsInReasoning, needsParser } = model;
  const { toolRequest, splitReasoning: splitsReasoning = false } = wish;
  const tools = offeredTools(toolRequest);
  const hasBegun = prompt !== undefined && beginsInReasoning(prompt);
  const joined = (holding: Holding) => {
    const calls = toolRequest && tools && format.toStructure(toolRequest, holding);
    return join(wish, calls, { reasoning, onlyCalls: () => toOnlyCalls(format, wish) });
  };
  // Whoever parses an answer looks for its reasoning first, so a grammar has to leave room for it.
  const parses = tools !== undefined || needsParser;
  const mayReason = reasoning !== undefined && (splitsReasoning || parses);
  const splits = parses || mayReason;
  const options = { tools, splitsReasoning, beginsInReasoning: hasBegun };
  const framed = (grammar: GrammarSpec | undefined) =>
    grammar && mayReason ? structureAfterReasoning(grammar, reasoning, hasBegun) : grammar;
  const isLooserKnown = isForced(wish) && tools?.some((tool) => !tool.isStrict && tool.parameters);
  return {
    grammar: framed(joined("demanded")),
    ...(isLooserKnown && { looserGrammar: framed(joined("strict")) }),
    splitter: splits
      ? new AnswerSplitter(format.createParser(options), {
          isParallel: toolRequest?.isParallel ?? true,
        })
      : undefined,
  };
}

/** Whether the answer has to be calls. */
function isForced({ toolRequest }: AnswerWish): boolean {
  return toolRequest?.choice === "required" || typeof toolRequest?.choice === "object";
}

/** Answers that are calls and nothing else, as free as where they need not come; undefined where none may come. */
function toOnlyCalls(format: AnswerFormat, { toolRequest }: AnswerWish): Structure | undefined {
  const tools = offeredTools(toolRequest);
  return (
    toolRequest && tools && format.toStructure({ ...toolRequest, choice: "required" }, "strict")
  );
}

type Alternatives = {
  reasoning: ModelAnswerFormat["reasoning"];
  onlyCalls: () => Structure | undefined;
};

/**
 * One grammar of what the text must look like and what calls must look like. Where both are free to
 * come, an answer is one of them: calls and nothing else, or text of the asked shape.
 */
function join(
  wish: AnswerWish,
  calls: Structure | undefined,
  { reasoning, onlyCalls }: Alternatives,
): GrammarSpec | undefined {
  const { grammar } = wish;
  if (!grammar || isForced(wish)) return calls ? { type: "structure", structure: calls } : grammar;
  const alternative = onlyCalls();
  if (!alternative) return grammar;
  const parts = [alternative, answerInMarks(grammar, reasoning)];
  return { type: "structure", structure: { type: "one-of", parts } };
}
