import { AppError } from "@/lib/errors";
import type { GenerationEnd, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { StreamNote } from "@/lib/protocol/stream-note";
import { assert } from "@/lib/util/assert";
import type { MessageEvent } from "./stream";

/** Anthropic's `Message` object, with the fields of the pinned client's type. */
export type MessageReply = {
  id: string;
  type: "message";
  role: "assistant";
  model: string;
  content: ContentBlock[];
  stop_reason: StopReason | null;
  /** Of `stop_sequences` the one that ended the answer. */
  stop_sequence: string | null;
  stop_details: null;
  container: null;
  diagnostics: null;
  usage: MessageUsage & {
    cache_creation: null;
    inference_geo: null;
    service_tier: null;
    speed: null;
  };
};

export type ContentBlock =
  /**
   * Without `citations`, as the API itself leaves it out where nothing is cited, whatever its client's type says:
   * Vercel's provider for it takes a list or nothing, and fails at null with "Invalid JSON response".
   */
  | { type: "text"; text: string }
  /** Signed where the model's provider wants the thought back; else empty, since their type asks for one. */
  | { type: "thinking"; thinking: string; signature: string }
  /** What the provider wants back beside thoughts that are told: a thought that is not, or a call's signature. */
  | { type: "redacted_thinking"; data: string }
  | { type: "tool_use"; id: string; name: string; input: unknown; caller: { type: "direct" } };

/** Tokens of the prompt that an earlier request had paid for are counted apart, and not in `input_tokens`. */
export type MessageUsage = {
  input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_input_tokens: number;
  output_tokens: number;
  output_tokens_details: { thinking_tokens: number };
  server_tool_use: null;
};

export type StopReason =
  | ("end_turn" | "stop_sequence" | "max_tokens" | "tool_use")
  | "model_context_window_exceeded";

export function toStopReason(
  { finishReason: reason, stopString }: Pick<GenerationEnd, "finishReason" | "stopString">,
  { start, request }: { start: GenerationStart; request: Pick<GenerateRequest, "maxTokens"> },
): StopReason {
  if (reason === "tool-calls") return "tool_use";
  if (reason === "stop") return stopString === undefined ? "end_turn" : "stop_sequence";
  // Fewer tokens than were asked for fitted into the context.
  const isCramped = request.maxTokens !== undefined && start.maxTokens < request.maxTokens;
  return isCramped ? "model_context_window_exceeded" : "max_tokens";
}

export function toUsage(usage: GenerationEnd["usage"], thinkingTokens: number): MessageUsage {
  const { promptTokens, completionTokens, cachedPromptTokens = 0 } = usage;
  return {
    input_tokens: promptTokens - cachedPromptTokens,
    cache_read_input_tokens: cachedPromptTokens,
    cache_creation_input_tokens: 0,
    output_tokens: completionTokens,
    output_tokens_details: { thinking_tokens: thinkingTokens },
    server_tool_use: null,
  };
}

/** The message before it says anything. What was cached is known at the end, and of some models the prompt's length. */
export function toEmptyMessage(
  id: string,
  { model, promptTokens = 0 }: GenerationStart,
): MessageReply {
  return {
    ...{ id: `msg_${id.replaceAll("-", "")}`, type: "message", role: "assistant" },
    ...{ model, content: [], stop_reason: null, stop_sequence: null, stop_details: null },
    ...{ container: null, diagnostics: null },
    usage: {
      ...toUsage({ promptTokens, completionTokens: 0 }, 0),
      ...{ cache_creation: null, inference_geo: null, service_tier: null, speed: null },
    },
  };
}

/**
 * The whole answer, from the events of its stream. The input of a call that `max_tokens` cut off is `{}`:
 * half a JSON text is no value, and the stop reason tells that the call is not to be run.
 *
 * @throws AppError with which the generation ended.
 */
export async function toMessageReply(
  events: AsyncIterable<MessageEvent | StreamNote>,
): Promise<MessageReply> {
  let message: MessageReply | undefined;
  let json = "";
  for await (const event of events) {
    if (event.type === "message_start") message = structuredClone(event.message);
    assert(message, "a message starts first");
    const block = message.content.at(-1);
    switch (event.type) {
      case "content_block_start":
        message.content.push({ ...event.content_block });
        json = "";
        break;
      case "content_block_delta": {
        const { delta } = event;
        if (delta.type === "input_json_delta") json += delta.partial_json;
        else if (delta.type === "text_delta" && block?.type === "text") block.text += delta.text;
        else if (block?.type === "thinking" && delta.type === "thinking_delta") {
          block.thinking += delta.thinking;
        } else if (block?.type === "thinking" && delta.type === "signature_delta") {
          block.signature = delta.signature;
        }
        break;
      }
      case "content_block_stop":
        if (block?.type === "tool_use") block.input = parseInput(json);
        break;
      case "message_delta":
        message.stop_reason = event.delta.stop_reason;
        message.stop_sequence = event.delta.stop_sequence;
        message.usage = { ...message.usage, ...event.usage };
        checkInputs(message);
        break;
    }
  }
  assert(message, "a stream that ends without an error has told a message");
  return { ...message, content: message.content.map(withInput) };
}

function parseInput(json: string): unknown {
  try {
    return JSON.parse(json === "" ? "{}" : json);
  } catch {
    // Cut off, or the model's own mistake: the stop reason tells which.
    return undefined;
  }
}

function checkInputs({ content, stop_reason: reason }: MessageReply): void {
  if (reason !== "tool_use") return;
  for (const block of content) {
    if (block.type !== "tool_use" || block.input !== undefined) continue;
    throw new AppError("upstream-invalid", {
      message: `The model called ${block.name} with what is no JSON. Try again.`,
    });
  }
}

function withInput(block: ContentBlock): ContentBlock {
  return block.type === "tool_use" ? { ...block, input: block.input ?? {} } : block;
}
