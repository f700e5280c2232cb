import type { AnswerEvent } from "@/lib/engine/answer-events";
import type { EngineRequest } from "@/lib/engine/engine";
import type { EnginePrompt } from "@/lib/engine/prompt-reader";
import type { SamplingParameters } from "@/lib/engine/sampling/sampling-parameters";
import { AppError } from "@/lib/errors";
import {
  type GenerateEvent,
  type GenerationStart,
  LOG_PROBABILITY_MIN,
  type ScoredToken,
} from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { hasImage, type Message, messageText } from "@/lib/protocol/message";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { unreachable } from "@/lib/util/assert";

/** What the web asks in the engine's words, and what the engine says in the protocol's. */

export function toEngineRequest(request: GenerateRequest): EngineRequest {
  const { logitBias, ...sampling } = request.sampling;
  const { stop, stopTokenIds, ignoreEos, minTokens, maxTokens } = request;
  const { logProbabilityCount, reportPrompt, grammar, toolRequest, splitReasoning } = request;
  const { reasoningEffort, thinking, choice, cacheSalt, reportTokenIds, resume } = request;
  const entries = Object.entries(logitBias ?? {}).map(([id, bias]) => [Number(id), bias] as const);
  return {
    ...toPrompt(request),
    sampling: { ...sampling, ...(logitBias && { logitBias: new Map(entries) }) },
    ...{ stop, stopTokenIds, ignoreEos, minTokens, maxTokens, logProbabilityCount, reportPrompt },
    ...{ grammar, toolRequest, splitReasoning, reasoningEffort, thinking, choice, cacheSalt },
    reportTokenIds,
    resumed: resume && { ids: resume.tokenIds, mustMatch: resume.mustMatch ?? false },
  };
}

function toPrompt({ messages, prompt }: GenerateRequest): EnginePrompt {
  if (prompt === undefined) return { messages: toChatMessages(messages) };
  return typeof prompt === "string" ? { promptText: prompt } : { promptIds: prompt };
}

/** @throws AppError `unsupported-parameter` for an image: no model of the engine's can see. */
export function toChatMessages(messages: readonly Message[]) {
  if (messages.some(hasImage)) {
    throw new AppError("unsupported-parameter", {
      message: "The model cannot see. Send text alone, or choose a model that sees images.",
      param: "messages",
    });
  }
  return messages.map((message) => ({
    role: message.role,
    content: messageText(message),
    toolCalls: message.toolCalls,
    toolCallId: message.toolCallId,
  }));
}

/** The parts of a model that events name. */
export type EventSource = {
  /** Of the request, which knows nothing of strings that a template ends answers by. */
  stop: readonly string[];
  offer: Pick<ModelOffer, "name" | "build">;
  /** What a token stands for. */
  bytesOf: (id: number) => Uint8Array;
};

export function toGenerateEvent(
  event: AnswerEvent,
  { offer, stop, bytesOf }: EventSource,
): GenerateEvent {
  const toScored = (token: { id: number; logProbability: number }): ScoredToken => ({
    id: token.id,
    bytes: [...bytesOf(token.id)],
    logProbability: toLogProbability(token.logProbability),
  });
  switch (event.type) {
    case "sequence-start":
      return {
        type: "generation-start",
        model: offer.name,
        build: offer.build,
        promptTokens: event.promptTokenCount,
        sampling: toUsedSampling(event.sampling),
        maxTokens: event.completionTokenCountMax,
      };
    case "text-delta":
    case "reasoning-delta": {
      const { type, text, tokenCount: tokens } = event;
      return { type, text, tokens, ...toIds(event) };
    }
    case "tool-call-start":
      return event;
    case "tool-call-delta": {
      const { type, index, text, tokenCount: tokens } = event;
      return { type, index, text, tokens, ...toIds(event) };
    }
    case "token":
      return {
        type: "token-log-probability",
        ...toScored(event),
        alternatives: event.alternatives.map(toScored),
      };
    case "prompt-tokens":
      return {
        type: event.type,
        tokens: event.tokens.map(({ id, logProbability, alternatives }) => ({
          ...{ id, bytes: [...bytesOf(id)] },
          ...(logProbability !== undefined && {
            logProbability: toLogProbability(logProbability),
          }),
          alternatives: alternatives.map(toScored),
        })),
      };
    case "sequence-end":
      return {
        type: "generation-end",
        finishReason: event.finishReason,
        ...(event.stopString !== undefined &&
          stop.includes(event.stopString) && { stopString: event.stopString }),
        usage: {
          promptTokens: event.promptTokenCount,
          completionTokens: event.completionTokenCount,
          cachedPromptTokens: event.cachedPromptTokenCount,
        },
        timing: {
          queuedMs: event.queuedMs,
          firstTokenMs: event.firstTokenMs,
          durationMs: event.durationMs,
        },
      };
    default:
      return unreachable(event);
  }
}

function toIds({ tokenIds }: { tokenIds?: readonly number[] }) {
  return tokenIds && { tokenIds: [...tokenIds] };
}

function toUsedSampling(sampling: SamplingParameters): GenerationStart["sampling"] {
  const { logitBias, ...numbers } = sampling;
  return { ...numbers, ...(logitBias.size > 0 && { logitBias: Object.fromEntries(logitBias) }) };
}

function toLogProbability(value: number): number {
  return Math.max(value, LOG_PROBABILITY_MIN);
}
