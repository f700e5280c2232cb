import { fillSchema, toTokens, writeAnswer } from "./stand-in-model";

/**
 * What the stand-ins of external providers say, before each writes it in its own form. The rules are plain, so
 * that tests know them: a tool is called when it is demanded or the question names it; a question with
 * `FILTERED` in it is withheld; reasoning comes first where it was asked for.
 */

/** A request as all of these providers mean it. */
export type ProviderAsk = {
  prompt: string;
  temperature?: number | undefined;
  seed?: number | undefined;
  maxTokens?: number | undefined;
  stops?: readonly string[];
  tools?: readonly { name: string; schema?: unknown }[];
  /** A name, or that one is to be called; absent: as the model likes. */
  demand?: string | undefined;
  mayCall?: boolean;
  isSingle?: boolean;
  reasons?: boolean;
  /** The answer is JSON by it. */
  schema?: unknown;
  images?: number;
};

export type ProviderAnswer = {
  reasoning: string[];
  calls: { id: string; name: string; pieces: string[] }[];
  tokens: string[];
  end: "stop" | "length" | "stop-string" | "calls" | "filtered";
  stopString?: string;
  promptTokens: number;
  cachedTokens: number;
  reasoningTokens: number;
  /** All that was written. */
  completionTokens: number;
};

/** In a question: the provider's filter steps in. */
export const FILTERED = "the forbidden lantern";
/** What a picture costs. */
const IMAGE_TOKENS = 100;
const REASONING = "Let me think about what was asked before I answer.";

export function answerProvider(ask: ProviderAsk): ProviderAnswer {
  const { prompt, maxTokens, images = 0 } = ask;
  const promptTokens = toTokens(prompt).length + images * IMAGE_TOKENS + 3;
  // As prefix caches do it: whole blocks of what came before.
  const cachedTokens = Math.floor(promptTokens / 64) * 64;
  const reasoning = ask.reasons ? toTokens(REASONING) : [];
  const calls = chooseCalls(ask);
  const said = sayText(ask, calls.length > 0, reasoning.length);
  const callTokens = calls.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const isFiltered = prompt.includes(FILTERED);
  return {
    reasoning: isFiltered ? [] : reasoning,
    calls: isFiltered ? [] : calls,
    ...(isFiltered ? { tokens: said.tokens.slice(0, 2), end: "filtered" as const } : said),
    ...{ promptTokens, cachedTokens, reasoningTokens: reasoning.length },
    completionTokens: Math.min(
      reasoning.length + callTokens + said.tokens.length + said.lost,
      maxTokens ?? Number.POSITIVE_INFINITY,
    ),
  };
}

type Said = Pick<ProviderAnswer, "tokens" | "end" | "stopString"> & { lost: number };

function sayText(ask: ProviderAsk, calls: boolean, reasoningTokens: number): Said {
  const { prompt, temperature, seed, maxTokens, stops = [], schema } = ask;
  if (calls) return { tokens: [], end: "calls", lost: 0 };
  const left = maxTokens === undefined ? undefined : Math.max(0, maxTokens - reasoningTokens);
  if (schema !== undefined) {
    const all = toTokens(JSON.stringify(fillSchema(schema)));
    const tokens = all.slice(0, left);
    return { tokens, end: tokens.length < all.length ? "length" : "stop", lost: 0 };
  }
  const { tokens, isCut } = writeAnswer({ prompt, temperature, seed, max: left });
  const text = tokens.join("");
  const found = stops
    .map((stop) => ({ stop, at: text.indexOf(stop) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0];
  if (found === undefined) return { tokens, end: isCut ? "length" : "stop", lost: 0 };
  const kept = toTokens(text.slice(0, found.at));
  return { tokens: kept, end: "stop-string", stopString: found.stop, lost: 1 };
}

function chooseCalls({ tools = [], demand, mayCall = true, isSingle, prompt }: ProviderAsk) {
  if (!mayCall || tools.length === 0) return [];
  const named = tools.filter(({ name }) => name === demand || prompt.includes(name));
  const wanted = named.length > 0 || demand === undefined ? named : tools.slice(0, 1);
  const only = tools.some(({ name }) => name === demand)
    ? wanted.filter(({ name }) => name === demand)
    : wanted;
  return (isSingle ? only.slice(0, 1) : only).map(({ name, schema }, index) => ({
    id: `call_${index}_${name}`,
    name,
    pieces: toTokens(JSON.stringify(fillSchema(schema) ?? {})),
  }));
}
