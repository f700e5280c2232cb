import { StopMatcher } from "@/lib/engine/text/stop-matcher";
import type {
  FinishReason,
  GenerateEvent,
  GenerationEnd,
  ReasoningDelta,
  TextDelta,
  ToolCallDelta,
} from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { judgeReason } from "../finish-reasons";
import { namesTokens } from "./request-body";
import { splitEcho, toScores } from "./scored-tokens";
import { type Said, ThoughtSplitter } from "./thought-splitter";
import { TokenCount } from "./token-count";
import { TokenNames } from "./token-names";
import { ToolCalls } from "./tool-calls";
import { type Choice, type Chunk, readDelta } from "./wire";

export type AnswerReaderOptions = {
  request: GenerateRequest;
  contextLength: number;
};

/** Tokens of a prompt that one event tells of, so that no line grows beyond what its reader takes. */
const PROMPT_TOKENS_AN_EVENT = 256;

/**
 * Chunks of OpenAI's wire as events of ours: text, reasoning, calls, log-probabilities. Stop strings are looked
 * for here too, whoever is asked: a server may know fewer of them, or none.
 */
export class AnswerReader {
  readonly #request: GenerateRequest;
  readonly #matcher: StopMatcher;
  readonly #thoughts: ThoughtSplitter | undefined;
  readonly #calls = new ToolCalls();
  readonly #count: TokenCount;
  /** Where somebody wants to go on with the answer. */
  readonly #names: TokenNames | undefined;
  /** Reasoning is being told as a part of the text, between marks. */
  #isInMarks = false;
  #reason: string | undefined;
  /** Found here, and told by the server. */
  #stopString: string | undefined;
  #toldStop: string | undefined;
  firstMs: number | undefined;

  constructor({ request, contextLength }: AnswerReaderOptions) {
    this.#request = request;
    this.#matcher = new StopMatcher(request.stop);
    this.#thoughts = request.splitReasoning ? new ThoughtSplitter() : undefined;
    this.#count = new TokenCount(request, contextLength);
    this.#names = namesTokens(request) ? new TokenNames() : undefined;
  }

  /** A stop string was found here: nothing more is wanted of the server. */
  get isCut(): boolean {
    return this.#stopString !== undefined;
  }

  /** The server has said why the answer is over. */
  get isEnded(): boolean {
    return this.#reason !== undefined;
  }

  take(chunk: Chunk): GenerateEvent[] {
    const choice = chunk.choices?.[0];
    const tokens = this.#count.see(chunk);
    if (choice === undefined) return [];
    const events = this.#takeChoice(choice);
    if (choice.finish_reason != null) this.#end(choice);
    // A limit of 0 asks for the prompt alone.
    if (this.#request.maxTokens === 0) return events.filter((it) => it.type === "prompt-tokens");
    this.#names?.see(choice.token_ids ?? [], tokens);
    return this.#names?.isWhole
      ? this.#withNames(events, { names: this.#names, tokens })
      : this.#withTokens(events, tokens);
  }

  /** What was held back, now that the server has said all. */
  finish(): GenerateEvent[] {
    if (this.isCut || this.#request.maxTokens === 0) return [];
    const rest = (this.#thoughts?.flush() ?? []).flatMap((said) => this.#tell(said));
    if (this.isCut) return rest;
    const text = (this.#isInMarks ? "</think>" : "") + this.#matcher.flush();
    return [...rest, ...toText(text)];
  }

  /** @throws AppError where a filter withheld the answer, or the server gave up on it. */
  toEnding(): Pick<GenerationEnd, "finishReason" | "stopString" | "usage"> {
    const stopString = this.#stopString ?? this.#toldStop;
    return {
      finishReason: this.#toFinishReason(),
      ...(stopString !== undefined && { stopString }),
      usage: this.#count.toUsage(),
    };
  }

  #takeChoice(choice: Choice): GenerateEvent[] {
    const delta = choice.delta ?? choice.message;
    if (delta == null) return this.#takeCompletion(choice);
    const events: GenerateEvent[] = toScores(choice, this.#request.logProbabilityCount ?? 0);
    const { reasoning, text } = readDelta(delta);
    if (reasoning) events.push(...this.#tell({ kind: "reasoning", text: reasoning }));
    events.push(...this.#tellText(text));
    for (const call of delta.tool_calls ?? []) {
      if (!this.isCut) events.push(...this.#calls.take(call));
    }
    return events;
  }

  #takeCompletion(choice: Choice): GenerateEvent[] {
    const { reportPrompt, prompt, logProbabilityCount: count = 0 } = this.#request;
    const text = choice.text ?? "";
    if (!reportPrompt) return [...toScores(choice, count), ...this.#tellText(text)];
    const scores = splitEcho(choice, { promptCount: this.#count.promptTokens ?? 0, count });
    const events: GenerateEvent[] = [];
    for (let at = 0; at < scores.prompt.length; at += PROMPT_TOKENS_AN_EVENT) {
      const tokens = scores.prompt.slice(at, at + PROMPT_TOKENS_AN_EVENT);
      events.push({ type: "prompt-tokens", tokens });
    }
    if (this.#request.logProbabilityCount !== undefined) events.push(...scores.answer);
    const echoed = typeof prompt === "string" ? prompt : textOf(scores.prompt);
    events.push(...this.#tellText(text.startsWith(echoed) ? text.slice(echoed.length) : text));
    return events;
  }

  #tellText(text: string): GenerateEvent[] {
    if (text === "") return [];
    const said: Said[] = this.#thoughts?.push(text) ?? [{ kind: "text", text }];
    return said.flatMap((it) => this.#tell(it));
  }

  #tell({ kind, text }: Said): GenerateEvent[] {
    if (this.isCut) return [];
    const isSplit = this.#request.splitReasoning === true;
    if (kind === "reasoning" && isSplit) return [{ type: "reasoning-delta", text, tokens: 0 }];
    const { text: told, stopString } = this.#matcher.push(this.#withMarks(kind, text));
    this.#stopString = stopString;
    return toText(told);
  }

  /** Who does not want reasoning apart has it in the text, as most models write it. */
  #withMarks(kind: Said["kind"], text: string): string {
    const isReasoning = kind === "reasoning";
    if (isReasoning === this.#isInMarks) return text;
    this.#isInMarks = isReasoning;
    return isReasoning ? `<think>${text}` : `</think>${text}`;
  }

  #end(choice: Choice): void {
    this.#reason = choice.finish_reason ?? undefined;
    const told = choice.stop_reason ?? choice.matched_stop;
    if (typeof told === "string" && this.#request.stop.includes(told)) this.#toldStop = told;
  }

  /** The first event that stands for tokens has all of the chunk's. */
  #withTokens(events: GenerateEvent[], tokens: number): GenerateEvent[] {
    const first = events.find(isDelta);
    if (first === undefined) {
      this.#count.postpone(tokens);
      return events;
    }
    this.firstMs ??= performance.now();
    first.tokens = this.#count.tell(tokens);
    return events;
  }

  /**
   * The last event that stands for tokens has all of the chunk's, once all of their text is told: who goes on
   * after them leaves nothing out.
   */
  #withNames(events: GenerateEvent[], { names, tokens }: Named): GenerateEvent[] {
    const isHolding = this.#matcher.isWithholding || this.#thoughts?.isHolding === true;
    // Between marks that were put here no other worker knows where it is.
    if (this.#isInMarks) names.giveUp();
    const last = isHolding ? undefined : events.findLast(isDelta);
    if (events.some(isDelta)) this.firstMs ??= performance.now();
    if (last === undefined) {
      this.#count.postpone(tokens);
      return events;
    }
    last.tokens = this.#count.tell(tokens);
    const tokenIds = names.take(last.tokens);
    if (tokenIds) last.tokenIds = tokenIds;
    return events;
  }

  #toFinishReason(): FinishReason {
    if (this.isCut) return "stop";
    if (judgeReason(this.#reason ?? "") === "length") return "length";
    // Some servers say "stop" to an answer that is calls.
    if (this.#calls.count > 0) return "tool-calls";
    return this.#request.maxTokens === 0 ? "length" : "stop";
  }
}

type Named = { names: TokenNames; tokens: number };

type Delta = TextDelta | ReasoningDelta | ToolCallDelta;

function isDelta(event: GenerateEvent): event is Delta {
  const { type } = event;
  return type === "text-delta" || type === "reasoning-delta" || type === "tool-call-delta";
}

function toText(text: string): GenerateEvent[] {
  return text === "" ? [] : [{ type: "text-delta", text, tokens: 0 }];
}

function textOf(tokens: readonly { bytes: number[] }[]): string {
  return Buffer.from(tokens.flatMap(({ bytes }) => bytes)).toString("utf8");
}
