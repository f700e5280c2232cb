import { AppError } from "@/lib/errors";
import type { ToolRequest } from "@/lib/protocol/answer-shape";
import { isContinuable } from "@/lib/protocol/continuable";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { hasImage, type Message, type MessagePart, messageText } from "@/lib/protocol/message";
import { toOwnSeed } from "../own-seed";
import type { BodyFields, Dialect, Thought } from "./dialect";

/** A GenerateRequest as the body of OpenAI's `chat/completions` or `completions`, in a server's own dialect. */

export type WireTarget = {
  /** As the server calls it. */
  upstreamModel: string;
  dialect: Dialect;
};

export type WireCall = {
  path: "/chat/completions" | "/completions";
  body: BodyFields;
  isStream: boolean;
};

/**
 * The call that a request is. What the prompt's tokens are worth is told by whole replies alone.
 *
 * @throws AppError `unsupported-parameter` for an image where the server's tools cannot show one, and for
 * scores of a chat's prompt.
 */
export function toWireCall(request: GenerateRequest, target: WireTarget): WireCall {
  const isStream = request.reportPrompt !== true;
  const head = {
    model: target.upstreamModel,
    ...toSharedFields(request, target.dialect),
    ...toStreamFields(isStream, target.dialect),
  };
  if (request.prompt !== undefined) {
    const body = { ...head, ...toCompletionFields(request, target.dialect) };
    return { path: "/completions", body: reshape(body, target.dialect), isStream };
  }
  if (request.reportPrompt) {
    throw new AppError("unsupported-parameter", {
      message: "The tokens of a conversation's prompt cannot be told by this model's server.",
      param: "reportPrompt",
    });
  }
  const body = { ...head, ...toChatFields(request, target.dialect) };
  return { path: "/chat/completions", body: reshape(body, target.dialect), isStream };
}

/** Tokens are named of answers that another worker could go on with. */
export function namesTokens(request: GenerateRequest): boolean {
  return request.reportTokenIds === true && isContinuable(request);
}

const reshape = (body: BodyFields, dialect: Dialect) => dialect.reshape?.(body) ?? body;

function toStreamFields(isStream: boolean, { streamOptions }: Dialect): BodyFields {
  if (!isStream) return { stream: false };
  return streamOptions ? { stream: true, stream_options: streamOptions } : { stream: true };
}

/** Fields that chats and completions have in common. Undefined ones are no part of JSON. */
function toSharedFields(request: GenerateRequest, dialect: Dialect): BodyFields {
  const { sampling, stop, stopTokenIds, ignoreEos, minTokens, maxTokens, grammar } = request;
  const { names, topKForAll, stopsMax, honoured, saltField } = dialect;
  const { topK, logitBias } = sampling;
  const honours = honoured.has.bind(honoured);
  const hasBias = logitBias !== undefined && Object.keys(logitBias).length > 0;
  return {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // What asks for nothing is said to who knows the field: its own default may be another.
    top_k: honours("sampling.topK") ? (topK === 0 ? topKForAll : topK) : undefined,
    min_p: honours("sampling.minP") ? sampling.minP : undefined,
    presence_penalty: honours("sampling.presencePenalty") ? sampling.presencePenalty : undefined,
    frequency_penalty: honours("sampling.frequencyPenalty") ? sampling.frequencyPenalty : undefined,
    [names.repetitionPenalty]: honours("sampling.repetitionPenalty")
      ? sampling.repetitionPenalty
      : undefined,
    logit_bias: hasBias ? logitBias : undefined,
    seed: honours("sampling.seed") ? toOwnSeed(request) : undefined,
    // A server withholds text for its stop strings, and the tokens that it names run ahead of what it told.
    stop: stop.length > 0 && !namesTokens(request) ? stop.slice(0, stopsMax) : undefined,
    stop_token_ids: stopTokenIds?.length ? stopTokenIds : undefined,
    ignore_eos: ignoreEos || undefined,
    min_tokens: minTokens || undefined,
    // Servers take no 0 but with an echo; the one token is then not told.
    [names.maxTokens]: maxTokens === 0 && !request.reportPrompt ? 1 : maxTokens,
    ...(grammar && dialect.grammarFields(grammar)),
    ...(namesTokens(request) && dialect.tokenIdFields),
    ...(saltField !== undefined && { [saltField]: request.cacheSalt }),
  };
}

function toCompletionFields(request: GenerateRequest, dialect: Dialect): BodyFields {
  const { prompt, logProbabilityCount, reportPrompt } = request;
  const count = logProbabilityCount ?? (reportPrompt ? 0 : undefined);
  return {
    prompt,
    ...(reportPrompt && { echo: true }),
    ...(count !== undefined && { logprobs: count, ...dialect.completionScoreExtras }),
    ...dialect.completionExtras,
  };
}

function toChatFields(request: GenerateRequest, dialect: Dialect): BodyFields {
  const { messages, logProbabilityCount: count, toolRequest } = request;
  return {
    messages: toWireMessages(messages, dialect),
    ...(count !== undefined && {
      ...{ logprobs: true, top_logprobs: count },
      ...dialect.chatScoreExtras,
    }),
    ...(toolRequest && toToolFields(toolRequest, dialect)),
    ...dialect.thoughtFields(toThought(request, dialect)),
    ...dialect.chatExtras,
  };
}

/** Not to reason is a wish of anybody's: who has no word for an effort is told no effort of nothing either. */
function toThought(request: GenerateRequest, { honoured }: Dialect): Thought {
  const { reasoningEffort: effort, thinking, splitReasoning } = request;
  const isSplit = splitReasoning === true;
  if (effort === "none" && !honoured.has("reasoningEffort")) {
    return { effort: undefined, thinking: "off", isSplit };
  }
  return { effort, thinking, isSplit };
}

function toToolFields({ tools, choice, isParallel }: ToolRequest, dialect: Dialect): BodyFields {
  const name = typeof choice === "object" ? choice.name : undefined;
  const isAlone = name !== undefined && !dialect.knowsNamedChoice;
  const offered = isAlone ? tools.filter((tool) => tool.name === name) : tools;
  const told = isAlone ? "required" : choice;
  return {
    tools: toWireTools(offered),
    ...(told !== "auto" && {
      tool_choice:
        typeof told === "string" ? told : { type: "function", function: { name: told.name } },
    }),
    ...(!isParallel && { parallel_tool_calls: false }),
    ...(isParallel && dialect.mustAllowParallelCalls && { parallel_tool_calls: true }),
  };
}

export function toWireTools(tools: ToolRequest["tools"]): BodyFields[] {
  return tools.map(({ name, description, parameters, isStrict }) => ({
    type: "function",
    function: { name, description, parameters, strict: isStrict },
  }));
}

/** @throws AppError as `toWireCall`, for an image. */
export function toWireMessages(messages: readonly Message[], dialect: Dialect): BodyFields[] {
  return messages.map((message, index) => toWireMessage(message, { index, dialect }));
}

function toWireMessage(
  message: Message,
  { index, dialect }: { index: number; dialect: Dialect },
): BodyFields {
  const { role, content, toolCalls, toolCallId } = message;
  if (role === "tool" && hasImage(message) && !dialect.hasImagesInTools) {
    throw new AppError("unsupported-parameter", {
      message: `A tool cannot show an image to ${dialect.title}. Let the user show it.`,
      param: `messages.${index}.content`,
    });
  }
  return {
    role,
    content: content.length === 0 ? null : toWireContent(message),
    ...(toolCallId !== undefined && { tool_call_id: toolCallId }),
    ...(toolCalls && {
      tool_calls: toolCalls.map((call) => ({
        ...{ id: call.id, type: "function" },
        function: { name: call.name, arguments: call.arguments },
      })),
    }),
  };
}

/** Text is one string: some chat templates of servers know no parts. */
function toWireContent(message: Message): string | BodyFields[] {
  return hasImage(message) ? message.content.map(toWirePart) : messageText(message);
}

function toWirePart(part: MessagePart): BodyFields {
  if (part.type === "text") return part;
  const { mediaType, data, detail } = part;
  const url = `data:${mediaType};base64,${data}`;
  return { type: "image_url", image_url: detail ? { url, detail } : { url } };
}
