import { AppError, isAppError } from "@/lib/errors";
import type {
  GenerationEnd,
  GenerationEvent,
  GenerationStart,
} from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { type StreamNote, toResumedNote } from "@/lib/protocol/stream-note";
import { assert } from "@/lib/util/assert";
import { type AnthropicError, toAnthropicError } from "../error";
import { toWireParam } from "../wire-param";
import {
  type ContentBlock,
  type MessageReply,
  type MessageUsage,
  type StopReason,
  toEmptyMessage,
  toStopReason,
  toUsage,
} from "./reply";
import type { ThinkingDisplay } from "./thinking";

/** What reply and stream are made from. */
export type MessageSource = {
  /** Of the answer on the wire. */
  id: string;
  start: GenerationStart;
  events: AsyncIterable<GenerationEvent>;
};

export type MessageOptions = {
  display: ThinkingDisplay;
  /** What was asked for. */
  request: GenerateRequest;
};

type BlockDelta =
  | { type: "text_delta"; text: string }
  | { type: "thinking_delta"; thinking: string }
  | { type: "signature_delta"; signature: string }
  | { type: "input_json_delta"; partial_json: string };

/** Anthropic's stream events (API reference, "Streaming Messages"), each sent under the name of its type. */
export type MessageEvent =
  | { type: "message_start"; message: MessageReply }
  | { type: "content_block_start"; index: number; content_block: ContentBlock }
  | { type: "content_block_delta"; index: number; delta: BlockDelta }
  | { type: "content_block_stop"; index: number }
  | {
      type: "message_delta";
      delta: {
        stop_reason: StopReason;
        stop_sequence: string | null;
        stop_details: null;
        container: null;
      };
      usage: MessageUsage;
    }
  | { type: "message_stop" };

/**
 * The answer as events: the message, its blocks one after the other, the stop reason with the usage, the
 * end. Where another worker goes on is a note.
 *
 * @throws AppError with which the generation ended, after the events until then.
 */
export async function* toMessageEvents(
  { id: answerId, start, events }: MessageSource,
  { display, request }: MessageOptions,
): AsyncGenerator<MessageEvent | StreamNote> {
  const blocks = new OpenBlocks();
  let thinkingTokens = 0;
  let callIndex = -1;
  for await (const event of events) {
    switch (event.type) {
      case "generation-start":
        yield { type: "message_start", message: toEmptyMessage(answerId, start) };
        break;
      case "reasoning-delta":
        thinkingTokens += event.tokens;
        if (display !== "hidden") yield* blocks.open("thinking");
        if (display === "shown" && event.text !== "") {
          yield blocks.delta({ type: "thinking_delta", thinking: event.text });
        }
        break;
      case "thought-seal":
        if (display !== "hidden") yield* blocks.seal(event.seal);
        break;
      case "text-delta":
        if (event.text === "") break;
        yield* blocks.open("text");
        yield blocks.delta({ type: "text_delta", text: event.text });
        break;
      case "tool-call-start": {
        const { id, name } = event;
        callIndex = event.index;
        const call = { type: "tool_use", id, name, input: {}, caller: { type: "direct" } } as const;
        yield* blocks.begin(call);
        break;
      }
      case "tool-call-delta":
        assert(event.index === callIndex, "calls come one after the other");
        if (event.text === "") break;
        yield blocks.delta({ type: "input_json_delta", partial_json: event.text });
        break;
      case "generation-resumed":
        yield toResumedNote(event);
        break;
      case "generation-error":
        throw new AppError(event.code, {
          message: event.message,
          param: event.param && toWireParam(event.param, request),
        });
      case "generation-end":
        yield* blocks.close();
        yield toMessageDelta(event, { start, request, thinkingTokens });
        yield { type: "message_stop" };
        return;
    }
  }
  throw new AppError("client-closed", { message: "The request was cancelled." });
}

/** The same for a reader of the stream: what goes wrong in its middle is its last event. */
export async function* toMessageStream(
  source: MessageSource,
  options: MessageOptions,
): AsyncGenerator<MessageEvent | StreamNote | AnthropicError> {
  try {
    yield* toMessageEvents(source, options);
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (error.code !== "client-closed") yield toAnthropicError(error, options.request.requestId);
  }
}

function toMessageDelta(
  end: GenerationEnd,
  answer: { start: GenerationStart; request: GenerateRequest; thinkingTokens: number },
): MessageEvent {
  const reason = toStopReason(end, answer);
  const stop_sequence = reason === "stop_sequence" ? (end.stopString ?? null) : null;
  return {
    type: "message_delta",
    delta: {
      ...{ stop_reason: reason, stop_sequence, stop_details: null, container: null },
    },
    usage: toUsage(end.usage, answer.thinkingTokens),
  };
}

/** One block is open at a time; the next one closes it. */
class OpenBlocks {
  #index = -1;
  #type: ContentBlock["type"] | undefined;

  /** Goes on with a block of text or thinking, or begins one. */
  *open(type: "text" | "thinking"): Generator<MessageEvent> {
    if (this.#type === type) return;
    yield* this.begin(type === "text" ? { type, text: "" } : { type, thinking: "", signature: "" });
  }

  *begin(block: ContentBlock): Generator<MessageEvent> {
    yield* this.close();
    this.#index++;
    this.#type = block.type;
    yield { type: "content_block_start", index: this.#index, content_block: block };
  }

  /** Ends the thought that is open, or stands for one that is not told. */
  *seal(seal: string): Generator<MessageEvent> {
    if (this.#type === "thinking") {
      yield this.delta({ type: "signature_delta", signature: seal });
    } else yield* this.begin({ type: "redacted_thinking", data: seal });
    yield* this.close();
  }

  delta(delta: BlockDelta): MessageEvent {
    return { type: "content_block_delta", index: this.#index, delta };
  }

  *close(): Generator<MessageEvent> {
    if (this.#type === undefined) return;
    this.#type = undefined;
    yield { type: "content_block_stop", index: this.#index };
  }
}
