import type { Guise } from "./openai-guises";
import { idOf, tokenOf, toTokens } from "./stand-in-model";

/** Tokens by their ids, as vLLM tells them of an answer and goes on after them. */

/** What `vllm serve` was told at its start, as far as it is seen from outside. */
export type EngineFlags = {
  /** --enable-auto-tool-choice. */
  hasAutoTools?: boolean;
  /** --enable-tokenizer-info-endpoint. */
  tellsTokenizer?: boolean;
  /** Older than 0.10.2: `return_token_ids` is passed over. */
  hasNoTokenIds?: boolean;
  /** --fingerprint-mode. */
  fingerprint?: string;
  /** The chat has a form of its own beside the template, as gpt-oss does. */
  hasOwnForm?: boolean;
  /** --model, as `/v1/models` tells it of each; absent: org/ and the name. */
  root?: string;
};

type Told = { guise: Guise; flags?: EngineFlags | undefined };

/** Whether `return_token_ids` is asked for, and known. */
export function namesIds(
  { return_token_ids: isAsked }: { return_token_ids?: boolean | undefined },
  { guise, flags }: Told,
): boolean {
  return isAsked === true && guise.knows.has("return_token_ids") && !flags?.hasNoTokenIds;
}

export function toChatPromptIds(prompt: string, { flags }: Told): object {
  const text = flags?.hasOwnForm ? `<|start|>${prompt}` : prompt;
  return { prompt_token_ids: toTokens(text).map(idOf) };
}

/** A chat of which the answer has begun: what it answers, and how many tokens of it are there. */
export type Begun = { prompt: string; count: number };

const ANSWER_BEGINS = "\nassistant:";
/** Where the assistant is told to begin without. */
export const NO_THINK = "\n/no_think";
/** What those that reason think before they answer. */
export const REASONING = [" think", " of", " it"];

/** Undefined for what is no chat in ids of tokens. */
export function toBegun(ids: unknown, { knows }: Guise): Begun | undefined {
  if (!Array.isArray(ids) || !knows.has("prompt_ids")) return undefined;
  const tokens = ids.map((id) => tokenOf(Number(id)));
  const text = tokens.join("");
  const at = text.lastIndexOf(ANSWER_BEGINS);
  if (at < 0 || tokens.includes(undefined)) return undefined;
  const open = at + ANSWER_BEGINS.length;
  const prompt = text.slice(0, open + (text.startsWith(NO_THINK, open) ? NO_THINK.length : 0));
  const said = text.slice(prompt.length);
  const thought = REASONING.join("");
  const written = said.startsWith(thought) ? said.slice(thought.length) : said;
  return { prompt, count: toTokens(written).length };
}
