import * as z from "zod";
import { AppError, isAppError } from "@/lib/errors";
import { toWireMessages, toWireTools } from "../openai-wire/request-body";
import type { Upstream } from "../openai-wire/upstream";
import type { ExtraCalls } from "../openai-wire/wire-backend";
import type { WireModel } from "../openai-wire/wire-model";
import { VLLM_DIALECT } from "./vllm-dialect";

/** vLLM's own calls beside OpenAI's wire (vllm/entrypoints/serve/tokenize, vllm/entrypoints/pooling/score). */

const id = z.number().int().min(0);
const tokenizeSchema = z.object({
  tokens: z.array(id),
  max_model_len: id.nullish(),
  token_strs: z.array(z.string()).nullish(),
});
const detokenizeSchema = z.object({ prompt: z.string() });
const infoSchema = z.record(z.string(), z.unknown());
const rerankSchema = z.object({
  results: z.array(z.object({ index: id, relevance_score: z.number() })),
  usage: z.object({ total_tokens: id.nullish() }).nullish(),
});

export function toVllmCalls(upstream: Upstream): ExtraCalls {
  const ask = <T>(path: string, body: object, call: Call<T>) =>
    upstream.postWhole(
      `${upstream.rootUrl}${path}`,
      { model: call.model.upstreamName, ...body },
      {
        ...{ schema: call.schema, signal: call.signal },
        about: { model: call.model.name, upstreamModel: call.model.upstreamName },
      },
    );
  return {
    tokenize: async (model, request, signal) => {
      const body = "text" in request ? toTextBody(model, request) : toChatBody(request);
      const told = { ...body, return_token_strs: request.returnNames === true };
      const reply = await ask("/tokenize", told, { model, signal, schema: tokenizeSchema });
      return {
        ids: reply.tokens,
        contextLength: model.contextLength,
        ...(request.returnNames && { names: reply.token_strs ?? [] }),
      };
    },
    detokenize: async (model, { ids }, signal) => {
      const call = { model, signal, schema: detokenizeSchema };
      return { text: (await ask("/detokenize", { tokens: ids }, call)).prompt };
    },
    tokenizerInfo: async (model, _, signal) => {
      const config = await lookAtTokenizer(upstream, signal);
      return { config, contextLength: model.contextLength };
    },
    rerank: async (model, { query, documents, overflow = "truncate" }, signal) => {
      const cut = overflow === "truncate" ? VLLM_DIALECT.truncateFields : {};
      const call = { model, signal, schema: rerankSchema };
      const { results, usage } = await ask("/rerank", { query, documents, ...cut }, call);
      const scores = documents.map((_, place) => {
        const score = results.find(({ index }) => index === place)?.relevance_score;
        if (score === undefined) throw missingScore();
        return Math.min(1, Math.max(0, score));
      });
      return { scores, promptTokens: usage?.total_tokens ?? 0 };
    },
  };
}

type Call<T> = { model: WireModel; signal: AbortSignal; schema: z.ZodType<T> };

type ExtraRequest<Name extends keyof ExtraCalls> = Parameters<NonNullable<ExtraCalls[Name]>>[1];
type TokenizeRequest = ExtraRequest<"tokenize">;
type OfText = Extract<TokenizeRequest, { text: string }>;
type OfMessages = Exclude<TokenizeRequest, OfText>;

function toTextBody({ features }: WireModel, { text, addSpecialTokens }: OfText): object {
  return { prompt: text, add_special_tokens: addSpecialTokens ?? !features.includes("chat") };
}

function toChatBody(request: OfMessages): object {
  const { messages, toolRequest, addGenerationPrompt = true } = request;
  const { reasoningEffort: effort, thinking } = request;
  const { chat_template_kwargs: kwargs, ...efforts } = VLLM_DIALECT.thoughtFields({
    ...{ effort, thinking },
    isSplit: true,
  });
  // `/tokenize` knows no field for the effort; a chat's becomes a variable of the template all the same.
  const variables = { ...(typeof kwargs === "object" && kwargs), ...efforts };
  return {
    messages: toWireMessages(messages, VLLM_DIALECT),
    ...(toolRequest && { tools: toWireTools(toolRequest.tools) }),
    add_generation_prompt: addGenerationPrompt,
    ...(Object.keys(variables).length > 0 && { chat_template_kwargs: variables }),
  };
}

async function lookAtTokenizer(upstream: Upstream, signal: AbortSignal) {
  try {
    return await upstream.look(`${upstream.rootUrl}/tokenizer_info`, infoSchema, signal);
  } catch (cause) {
    if (!isAppError(cause) || cause.code !== "upstream-invalid") throw cause;
    throw new AppError("not-supported", {
      message:
        "The server of this model does not tell of its tokenizer; vLLM does with --enable-tokenizer-info-endpoint.",
      cause,
    });
  }
}

function missingScore(): AppError {
  const message = "The server behind this model sent scores for another number of documents.";
  return new AppError("upstream-invalid", { message });
}
