import type { ServerSentEvent } from "@/lib/util/server-sent-events";
import { fromToldError, type UpstreamAbout } from "../upstream-error";
import { type Fields, parseData, type StreamMender, toFields } from "./mended-stream";

/** Types of events, and of what they hold, that are read here; Anthropic and Cohere add new ones without a new version. */
const ANTHROPIC = {
  events: new Set([
    ...["message_start", "message_delta", "message_stop", "ping", "error"],
    ...["content_block_start", "content_block_delta", "content_block_stop"],
  ]),
  blocks: new Set(["text", "thinking", "redacted_thinking", "tool_use"]),
  deltas: new Set(["text_delta", "input_json_delta", "thinking_delta", "signature_delta"]),
};
const COHERE = new Set([
  ...["message-start", "message-end", "content-start", "content-delta", "content-end"],
  ...["tool-plan-delta", "tool-call-start", "tool-call-delta", "tool-call-end"],
  ...["citation-start", "citation-end"],
]);

/** Anthropic's events without those that the SDK's reader does not know, at which it would give up. */
export class AnthropicEvents implements StreamMender {
  isEnded = false;

  read({ data }: ServerSentEvent): string | undefined {
    const event = toFields(parseData(data));
    if (event === undefined) return data;
    const { type, content_block: block, delta } = event;
    if (!has(ANTHROPIC.events, type)) return undefined;
    if (type === "content_block_start" && !has(ANTHROPIC.blocks, toFields(block)?.type)) {
      return undefined;
    }
    if (type === "content_block_delta" && !has(ANTHROPIC.deltas, toFields(delta)?.type)) {
      return undefined;
    }
    this.isEnded ||= type === "message_stop";
    return data;
  }
}

export class CohereEvents implements StreamMender {
  isEnded = false;

  read({ data }: ServerSentEvent): string | undefined {
    const event = toFields(parseData(data));
    if (event === undefined) return data;
    if (!has(COHERE, event.type)) return undefined;
    this.isEnded ||= event.type === "message-end";
    return data;
  }
}

/** Google's, whose errors in the middle of an answer the SDK's reader tells without what they say. */
export class GoogleEvents implements StreamMender {
  isEnded = false;
  readonly #about: UpstreamAbout;

  constructor(about: UpstreamAbout) {
    this.#about = about;
  }

  read({ data }: ServerSentEvent): string | undefined {
    const event = toFields(parseData(data));
    if (event?.error != null) throw fromToldError(event, this.#about);
    this.isEnded ||= event !== undefined && hasReason(event);
    return data;
  }
}

function hasReason({ candidates }: Fields): boolean {
  const first = Array.isArray(candidates) ? toFields(candidates[0]) : undefined;
  return typeof first?.finishReason === "string";
}

const has = (known: ReadonlySet<string>, type: unknown) =>
  typeof type === "string" && known.has(type);
