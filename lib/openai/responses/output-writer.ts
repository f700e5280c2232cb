import { assert, unreachable } from "@/lib/util/assert";
import { LogProbabilityCollector } from "../chat/log-probabilities";
import type { ResponseEventContent } from "./event";
import {
  type FunctionCallItem,
  type ItemStatus,
  type OutputItem,
  type OutputMessageItem,
  type OutputTextPart,
  type ReasoningItem,
  toItemId,
} from "./item";
import type { ResponseInput } from "./response-writer";

type Options = {
  responseId: string;
  /** The reasoning comes as its own summary. */
  isSummary: boolean;
  includesLogProbabilities: boolean;
};

type Delta = Exclude<ResponseInput, { type: "generation-start" }>;
type Events = ResponseEventContent[];

/** The item that is being said, with what its events are about. */
type OpenItem =
  | { kind: "message"; item: OutputMessageItem; part: OutputTextPart; outputIndex: number }
  | { kind: "reasoning"; item: ReasoningItem; part: { text: string }; outputIndex: number }
  | { kind: "call"; item: FunctionCallItem; callIndex: number; outputIndex: number };

/** The items of an answer as they grow, one after the other, and the events that tell of it. */
export class OutputWriter {
  readonly #options: Options;
  readonly #items: OutputItem[] = [];
  readonly #collector: LogProbabilityCollector;
  #open: OpenItem | undefined;
  #expectsMessage = false;
  reasoningTokens = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#collector = new LogProbabilityCollector(options.includesLogProbabilities);
  }

  /** A copy, since what is being said goes on growing. */
  get items(): OutputItem[] {
    return structuredClone(this.#items);
  }

  add(event: Delta): Events {
    switch (event.type) {
      case "text-delta":
        return this.#addText(event.text);
      case "reasoning-delta":
        this.reasoningTokens += event.tokens;
        return this.#addReasoning(event.text);
      case "tool-call-start":
        return this.#beginCall(event);
      case "tool-call-delta":
        return this.#addArguments(event);
      case "token-log-probability":
        this.#collector.add(event);
        return [];
      case "prompt-tokens":
      case "thought-seal":
        // No field of this API asks for them.
        return [];
      default:
        return unreachable(event);
    }
  }

  /** An answer that ends without a word is a message all the same. */
  expectMessage(): void {
    this.#expectsMessage = !this.#items.some(({ type }) => type !== "reasoning");
  }

  /** Ends what is being said. */
  close(status: ItemStatus): Events {
    const events = this.#expectsMessage ? this.#beginMessage() : [];
    return [...events, ...this.#close(status)];
  }

  #addText(raw: string): Events {
    if (raw === "") return [];
    const before = this.#open?.kind === "message" ? [] : this.#beginMessage();
    const open = this.#open;
    assert(open?.kind === "message", "a message was begun");
    const delta = toKept(raw);
    const logprobs = this.#collector.take(raw)?.content ?? [];
    open.part.text += delta;
    open.part.logprobs.push(...logprobs);
    const place = { ...placeOf(open), content_index: 0 };
    return [...before, { type: "response.output_text.delta", ...place, delta, logprobs }];
  }

  #addReasoning(raw: string): Events {
    // Scores are of the message's text alone.
    this.#collector.drop();
    if (raw === "") return [];
    const before = this.#open?.kind === "reasoning" ? [] : this.#beginReasoning();
    const open = this.#open;
    assert(open?.kind === "reasoning", "reasoning was begun");
    const delta = toKept(raw);
    open.part.text += delta;
    const place = placeOf(open);
    const event: ResponseEventContent = this.#options.isSummary
      ? { type: "response.reasoning_summary_text.delta", ...place, summary_index: 0, delta }
      : { type: "response.reasoning_text.delta", ...place, content_index: 0, delta };
    return [...before, event];
  }

  #addArguments({ index, text: raw }: { index: number; text: string }): Events {
    this.#collector.drop();
    const open = this.#open;
    assert(open?.kind === "call" && open.callIndex === index, "a call's arguments follow it");
    if (raw === "") return [];
    const delta = toKept(raw);
    open.item.arguments += delta;
    return [{ type: "response.function_call_arguments.delta", ...placeOf(open), delta }];
  }

  #beginMessage(): Events {
    const closed = this.#close("completed");
    const part: OutputTextPart = { type: "output_text", text: "", annotations: [], logprobs: [] };
    const item: OutputMessageItem = {
      ...{ id: this.#nextId("message"), type: "message", role: "assistant" },
      ...{ status: "in_progress", content: [] },
    };
    const outputIndex = this.#items.push(item) - 1;
    const added = this.#added(item, outputIndex);
    item.content.push(part);
    const open: OpenItem = { kind: "message", item, part, outputIndex };
    this.#open = open;
    const place = { ...placeOf(open), content_index: 0 };
    return [
      ...[...closed, added],
      { type: "response.content_part.added", ...place, part: structuredClone(part) },
    ];
  }

  #beginReasoning(): Events {
    const closed = this.#close("completed");
    const { isSummary } = this.#options;
    const item: ReasoningItem = {
      ...{ id: this.#nextId("reasoning"), type: "reasoning", summary: [] },
      ...(!isSummary && { content: [] }),
      status: "in_progress",
    };
    const outputIndex = this.#items.push(item) - 1;
    const added = this.#added(item, outputIndex);
    const part = isSummary
      ? { type: "summary_text" as const, text: "" }
      : { type: "reasoning_text" as const, text: "" };
    if (part.type === "summary_text") item.summary.push(part);
    else item.content?.push(part);
    const open: OpenItem = { kind: "reasoning", item, part, outputIndex };
    this.#open = open;
    const copy = { ...part };
    const begun: ResponseEventContent =
      copy.type === "summary_text"
        ? {
            ...{ type: "response.reasoning_summary_part.added", ...placeOf(open) },
            ...{ summary_index: 0, part: copy },
          }
        : {
            ...{ type: "response.content_part.added", ...placeOf(open) },
            ...{ content_index: 0, part: copy },
          };
    return [...closed, added, begun];
  }

  #beginCall({ index, id, name }: { index: number; id: string; name: string }): Events {
    const closed = this.#close("completed");
    const item: FunctionCallItem = {
      ...{ id: this.#nextId("function_call"), type: "function_call", call_id: id, name },
      ...{ arguments: "", status: "in_progress" },
    };
    const outputIndex = this.#items.push(item) - 1;
    this.#open = { kind: "call", item, callIndex: index, outputIndex };
    return [...closed, this.#added(item, outputIndex)];
  }

  #close(status: ItemStatus): Events {
    const open = this.#open;
    if (open === undefined) return [];
    this.#open = undefined;
    open.item.status = status;
    const item = structuredClone(open.item);
    return [
      ...closingOf(open),
      { type: "response.output_item.done", output_index: open.outputIndex, item },
    ];
  }

  #added(item: OutputItem, output_index: number): ResponseEventContent {
    return { type: "response.output_item.added", output_index, item: structuredClone(item) };
  }

  #nextId(type: OutputItem["type"]): string {
    return toItemId(this.#options.responseId, { type, side: "o", index: this.#items.length });
  }
}

/** What is said of an item's parts when it is whole. */
function closingOf(open: OpenItem): Events {
  const place = placeOf(open);
  switch (open.kind) {
    case "message": {
      const part = structuredClone(open.part);
      const { text, logprobs } = part;
      const at = { ...place, content_index: 0 };
      return [
        { type: "response.output_text.done", ...at, text, logprobs },
        { type: "response.content_part.done", ...at, part },
      ];
    }
    case "reasoning": {
      const { text } = open.part;
      if (open.item.content === undefined) {
        const at = { ...place, summary_index: 0 };
        const part = { type: "summary_text" as const, text };
        return [
          { type: "response.reasoning_summary_text.done", ...at, text },
          { type: "response.reasoning_summary_part.done", ...at, part },
        ];
      }
      const at = { ...place, content_index: 0 };
      const part = { type: "reasoning_text" as const, text };
      return [
        { type: "response.reasoning_text.done", ...at, text },
        { type: "response.content_part.done", ...at, part },
      ];
    }
    case "call": {
      const { name, arguments: text } = open.item;
      return [{ type: "response.function_call_arguments.done", ...place, name, arguments: text }];
    }
    default:
      return unreachable(open);
  }
}

function placeOf({ item, outputIndex }: OpenItem) {
  return { item_id: item.id, output_index: outputIndex };
}

/** A model may say NUL, which Postgres stores in no text; what is shown is what is kept. */
function toKept(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}
