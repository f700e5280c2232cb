import type { Body } from "./openai-answers";
import type { Guise } from "./openai-guises";
import { idOf, scoreOf } from "./stand-in-model";

/** Log-probabilities in the two forms of OpenAI's wire. */

export function chatScores(
  tokens: readonly string[],
  { body, guise }: { body: Body; guise: Guise },
): object {
  const isById =
    body.return_tokens_as_token_ids === true && guise.knows.has("return_tokens_as_token_ids");
  const spell = (token: string, logprob: number) => ({
    token: isById ? `token_id:${idOf(token)}` : token,
    logprob,
    ...(guise.tellsBytes && { bytes: [...Buffer.from(token)] }),
    ...(guise.tellsIds && { id: idOf(token) }),
  });
  const content = tokens.map((token) => {
    const { logprob, alternatives } = scoreOf(token, 0, body.top_logprobs ?? 0);
    const top = alternatives.map((it) => spell(it.token, it.logprob));
    return { ...spell(token, logprob), top_logprobs: top };
  });
  return { content };
}

/** Null where none were asked for. */
export function completionScores(
  tokens: readonly string[],
  { body, guise, isEcho }: { body: Body; guise: Guise; isEcho: boolean },
): object | null {
  if (typeof body.logprobs !== "number" || !guise.knows.has("logprobs")) return null;
  const count = body.logprobs;
  if (guise.hasChatScoresOnly) {
    return chatScores(tokens, { body: { ...body, top_logprobs: count }, guise });
  }
  const scored = tokens.map((token) => ({ token, ...scoreOf(token, 0, count) }));
  let offset = 0;
  return {
    tokens: [...tokens],
    token_logprobs: scored.map(({ logprob }, index) => (isEcho && index === 0 ? null : logprob)),
    top_logprobs: scored.map(({ alternatives }, index) =>
      isEcho && index === 0
        ? null
        : Object.fromEntries(alternatives.map((it) => [it.token, it.logprob])),
    ),
    text_offset: tokens.map((token) => {
      const at = offset;
      offset += token.length;
      return at;
    }),
  };
}
