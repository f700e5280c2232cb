import {
  LOG_PROBABILITY_MIN,
  type PromptTokens,
  type ScoredToken,
  type TokenLogProbability,
} from "@/lib/protocol/generate-event";
import type { ChatScores, Choice, CompletionScores, Scores } from "./wire";

/** Log-probabilities of OpenAI's wire as ours. */

/** What stands for the id of a token of which a server tells the text alone. */
export const TOKEN_ID_UNTOLD = -1;

type WireToken = {
  token: string;
  logprob: number | null;
  bytes?: number[] | null | undefined;
  id?: number | null | undefined;
};

/** How vLLM and SGLang spell an id in a token's place. */
const ID_FORM = /^token_id:(\d+)$/;
/** How OpenAI's completions spell bytes that are no whole code point. */
const BYTES_FORM = /^bytes:((?:\\x[0-9a-f]{2})+)$/;

/** The scores of an answer's tokens, each with at most `count` alternatives. */
export function toScores(choice: Choice, count: number): TokenLogProbability[] {
  const { logprobs, token_ids: ids } = choice;
  if (!logprobs) return [];
  const tokens = isLists(logprobs) ? fromLists(logprobs, ids) : fromChat(logprobs, ids);
  return tokens.map(({ alternatives, ...token }) => ({
    ...{ type: "token-log-probability" as const, ...token },
    logProbability: token.logProbability ?? LOG_PROBABILITY_MIN,
    alternatives: alternatives.slice(0, count),
  }));
}

/** The scores of a reply with an echo: the first `promptCount` are of the prompt. */
export function splitEcho(
  choice: Choice,
  { promptCount, count }: { promptCount: number; count: number },
): { prompt: PromptTokens["tokens"]; answer: TokenLogProbability[] } {
  const { logprobs, prompt_token_ids: promptIds, token_ids: ids } = choice;
  if (!logprobs || !isLists(logprobs)) return { prompt: [], answer: toScores(choice, count) };
  const all = fromLists(logprobs, promptIds && ids ? [...promptIds, ...ids] : undefined);
  const prompt = all.slice(0, promptCount).map(({ logProbability, alternatives, ...token }) => ({
    ...token,
    ...(logProbability !== undefined && { logProbability }),
    alternatives: alternatives.slice(0, count),
  }));
  const answer = all.slice(promptCount).map(({ alternatives, ...token }) => ({
    ...{ type: "token-log-probability" as const, ...token },
    logProbability: token.logProbability ?? LOG_PROBABILITY_MIN,
    alternatives: alternatives.slice(0, count),
  }));
  return { prompt, answer };
}

type Scored = Omit<ScoredToken, "logProbability"> & {
  logProbability: number | undefined;
  alternatives: ScoredToken[];
};

/** @param ids of the tokens, where the server tells them beside their scores (vLLM's `return_token_ids`). */
function fromChat({ content }: ChatScores, ids: readonly number[] | null | undefined): Scored[] {
  // Ids of a piece of text of which some tokens have no score are of no telling which.
  const known = ids?.length === content?.length ? ids : undefined;
  return (content ?? []).map((it, index) => {
    const own = known?.[index];
    return {
      ...toToken({ ...it, id: it.id ?? own }),
      alternatives: (it.top_logprobs ?? [])
        .map((other) => {
          const isOwn = other.token === it.token && other.logprob === it.logprob;
          return toToken({ ...other, id: other.id ?? (isOwn ? own : undefined) });
        })
        .sort(byLikelihood),
    };
  });
}

function fromLists(lists: CompletionScores, ids: readonly number[] | null | undefined): Scored[] {
  return lists.tokens.map((token, index) => {
    const logprob = lists.token_logprobs[index] ?? null;
    const top = lists.top_logprobs?.[index] ?? {};
    const told = toToken({ token, logprob, id: ids?.[index] });
    return {
      ...told,
      // The first token of a prompt follows nothing.
      logProbability: logprob === null ? undefined : told.logProbability,
      alternatives: Object.entries(top)
        .map(([text, value]) => {
          const id = text === token ? ids?.[index] : undefined;
          return toToken({ token: text, logprob: value, id });
        })
        .sort(byLikelihood),
    };
  });
}

function toToken({ token, logprob, bytes, id }: WireToken): ScoredToken {
  const spelledId = ID_FORM.exec(token)?.[1];
  const spelledBytes = BYTES_FORM.exec(token)?.[1];
  return {
    id: id ?? (spelledId === undefined ? TOKEN_ID_UNTOLD : Number(spelledId)),
    bytes: bytes ?? (spelledBytes ? readBytes(spelledBytes) : [...Buffer.from(token)]),
    logProbability: Math.min(0, Math.max(LOG_PROBABILITY_MIN, logprob ?? LOG_PROBABILITY_MIN)),
  };
}

function readBytes(spelled: string): number[] {
  return spelled
    .split("\\x")
    .slice(1)
    .map((it) => Number.parseInt(it, 16));
}

const byLikelihood = (a: ScoredToken, b: ScoredToken) => b.logProbability - a.logProbability;

function isLists(scores: Scores): scores is CompletionScores {
  return "tokens" in scores;
}
