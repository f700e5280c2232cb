import { AppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import { AsyncQueue } from "@/lib/util/async-queue";
import type { GrammarMatcher } from "./grammar/grammar";
import type { LoraAdapter } from "./lora/lora-adapter";
import type { TokenLogProbability } from "./sampling/log-probabilities";
import type { SamplingState } from "./sampling/sampler";
import type { SamplingParameters } from "./sampling/sampling-parameters";
import type { Detokenizer } from "./text/detokenizer";
import { type StopMatch, StopMatcher } from "./text/stop-matcher";

export type FinishReason = "stop" | "length";

/** A token of the prompt; the first one follows nothing, so it has no log-probability. */
export type PromptToken = {
  id: number;
  logProbability: number | undefined;
  alternatives: TokenLogProbability[];
};

/** What a sequence tells its reader: start, then text and tokens as they come, then the end. */
export type SequenceEvent =
  | {
      type: "sequence-start";
      promptTokenCount: number;
      completionTokenCountMax: number;
      sampling: SamplingParameters;
    }
  | { type: "text-delta"; text: string; tokenCount: number; tokenIds?: readonly number[] }
  /** Only when log-probabilities were asked for. Comes before the text that holds the token. */
  | ({ type: "token"; alternatives: TokenLogProbability[] } & TokenLogProbability)
  /** Only when the prompt was asked for: its tokens in order, more of them with each event. */
  | { type: "prompt-tokens"; tokens: PromptToken[] }
  | {
      type: "sequence-end";
      finishReason: FinishReason;
      /** The one of the request's or the template's that ended it. */
      stopString?: string;
      promptTokenCount: number;
      /** Of those, the ones whose keys and values another sequence had already made. */
      cachedPromptTokenCount: number;
      completionTokenCount: number;
      /** Since the sequence was added: until its first step, its first token, its end. */
      queuedMs: number;
      firstTokenMs: number;
      durationMs: number;
    };

export type SequenceOptions = {
  promptIds: readonly number[];
  completionTokenCountMax: number;
  sampling: SamplingParameters;
  /** 0 for the first of several answers to one request; part of the key of its draws. */
  choice: number;
  /** Tokens that end the answer without being part of its text: the model's own and the request's. */
  stopTokenIds: readonly number[];
  /** Before this many tokens of answer, none of `stopTokenIds` may be drawn and no `stop` ends it. */
  minTokens: number;
  stop: readonly string[];
  detokenizer: Detokenizer;
  /** Alternatives to report with each token; undefined reports no log-probabilities at all. */
  logProbabilityCount?: number | undefined;
  reportPrompt?: boolean | undefined;
  /** Which tokens may come next, after those of `resumed`; closed with the sequence. */
  matcher?: GrammarMatcher | undefined;
  adapter?: LoraAdapter | undefined;
  /** Whose prompts this one may share keys and values with; without spaces. */
  cacheSalt?: string | undefined;
  resumed?: Resumed | undefined;
  nowMs: () => number;
};

/** The beginning of the answer, which another engine with the same model has drawn. */
export type Resumed = {
  ids: readonly number[];
  /**
   * What follows is bit for bit what that engine would have drawn: these tokens run one by one, as they did
   * there. Else they run in passes of many, which is several times as fast and rounds numbers otherwise.
   */
  mustMatch: boolean;
};

/**
 * One request in flight: its tokens, its text, and what its reader is told. It knows when it is
 * finished, but not when it runs (`scheduler.ts`), where its keys and values lie (`kv-slots.ts`) nor
 * how they are made (`model-runner.ts`).
 */
export class Sequence {
  readonly events = new AsyncQueue<SequenceEvent>();
  readonly options: SequenceOptions;
  readonly #ids: number[];
  readonly #stopMatcher: StopMatcher;
  readonly #addedAtMs: number;
  /** How often each token stands in the answer; kept only for those who are penalised by it. */
  readonly #outputCounts = new Map<number, number>();
  readonly #isCounting: boolean;
  /** Of `ids` those that run in passes of many: the prompt, and what may follow it so. */
  readonly prefillCount: number;
  #prefillTokensDone = 0;
  #cachedPromptTokenCount = 0;
  #startedAtMs: number | undefined;
  #firstTokenAtMs: number | undefined;
  /** Tokens since the last delta: those inside an open code point or a possible stop string. */
  #unsentTokenCount = 0;

  constructor(options: SequenceOptions) {
    assert(options.promptIds.length > 0, "a prompt has at least one token");
    assert(options.completionTokenCountMax >= 0, "an answer has a length");
    this.options = options;
    this.#ids = [...options.promptIds];
    this.#stopMatcher = new StopMatcher(options.stop);
    this.#addedAtMs = options.nowMs();
    const { presencePenalty, frequencyPenalty, repetitionPenalty } = options.sampling;
    this.#isCounting = presencePenalty !== 0 || frequencyPenalty !== 0 || repetitionPenalty !== 1;
    this.events.push({
      type: "sequence-start",
      promptTokenCount: options.promptIds.length,
      completionTokenCountMax: options.completionTokenCountMax,
      sampling: options.sampling,
    });
    const { resumed } = options;
    this.#replay(resumed?.ids ?? []);
    this.prefillCount = resumed?.mustMatch ? options.promptIds.length : this.#ids.length;
  }

  get isFinished(): boolean {
    return this.events.isClosed;
  }

  /** Prompt and answer so far. Grows; nobody else writes to it. */
  get ids(): readonly number[] {
    return this.#ids;
  }

  /** What an adapter makes of a token is of no use to others, and what one caller asks is not theirs to know. */
  get cacheKey(): string {
    return `${this.options.cacheSalt ?? ""} ${this.group}`;
  }

  /** Steps run sequences of one adapter. */
  get group(): string {
    return this.options.adapter?.name ?? "";
  }

  get completionTokenCount(): number {
    return this.#ids.length - this.options.promptIds.length;
  }

  get promptTokensLeft(): number {
    return this.prefillCount - this.#prefillTokensDone;
  }

  /** Its turn has come; the first `cachedCount` tokens need not run. */
  begin(cachedCount: number): void {
    assert(this.#startedAtMs === undefined, "a sequence begins once");
    this.#startedAtMs = this.options.nowMs();
    this.#cachedPromptTokenCount = Math.min(cachedCount, this.options.promptIds.length);
    this.#prefillTokensDone = cachedCount;
  }

  /** The next `count` tokens of those that run in passes of many have run. */
  advancePrompt(count: number): void {
    this.#prefillTokensDone += count;
    assert(this.promptTokensLeft >= 0, "no more runs than there is");
  }

  /** More of the prompt's tokens, in order. */
  reportPrompt(tokens: PromptToken[]): void {
    if (tokens.length > 0) this.events.push({ type: "prompt-tokens", tokens });
  }

  /** What drawing its next token depends on besides the logits. */
  get samplingState(): SamplingState {
    const isTooEarly = this.completionTokenCount < this.options.minTokens;
    return {
      position: this.#ids.length,
      choice: this.options.choice,
      promptIds: this.options.promptIds,
      outputCounts: this.#outputCounts,
      bannedIds: isTooEarly ? this.options.stopTokenIds : [],
      mask: this.options.matcher?.mask,
    };
  }

  /** Whether all is there that its next token depends on besides the logits. */
  get isReadyToDraw(): boolean {
    const { matcher } = this.options;
    return matcher === undefined || matcher.isComplete || matcher.mask !== undefined;
  }

  /**
   * Resolves when `isReadyToDraw`.
   *
   * @throws AppError when its grammar cannot go on.
   */
  async whenReadyToDraw(): Promise<void> {
    await this.options.matcher?.whenReady();
  }

  /** Ends the answer where none is wanted, or its grammar has nothing more to say, and tells whether it did. */
  endIfComplete(): boolean {
    if (this.options.completionTokenCountMax === 0) {
      this.#finish("length");
      return true;
    }
    if (!this.options.matcher?.isComplete) return false;
    this.#finish("stop");
    return true;
  }

  /** Takes the token that was chosen, tells the reader, and ends when it is the last. */
  append(id: number): void {
    assert(!this.isFinished, "a finished sequence takes no tokens");
    this.#firstTokenAtMs ??= this.options.nowMs();
    const isLast = this.options.stopTokenIds.includes(id);
    if (!isLast) this.options.matcher?.accept(id);
    this.#follow(id);
  }

  /** Takes what was drawn elsewhere. What the reader is told of it, it has heard (`tell-tokens.ts`). */
  #replay(ids: readonly number[]): void {
    for (const id of ids) {
      if (this.isFinished) {
        throw new AppError("invalid-request", {
          message: "The answer that is to be gone on with has tokens after its end.",
          param: "resume.tokenIds",
        });
      }
      this.#follow(id);
    }
  }

  /** All that a token does to the text. */
  #follow(id: number): void {
    this.#ids.push(id);
    if (this.#isCounting) this.#outputCounts.set(id, (this.#outputCounts.get(id) ?? 0) + 1);
    this.#unsentTokenCount++;
    if (this.options.stopTokenIds.includes(id)) {
      this.#finish("stop");
      return;
    }
    const piece = this.options.detokenizer.push(id);
    // Nothing ends the answer before its least length, and what was said by then is not looked at again.
    const isEarly = this.completionTokenCount <= this.options.minTokens;
    const { text, stopString }: StopMatch = isEarly
      ? { text: piece }
      : this.#stopMatcher.push(piece);
    this.#send(text);
    const isFull = this.completionTokenCount >= this.options.completionTokenCountMax;
    if (stopString !== undefined) this.#end("stop", stopString);
    else if (isFull) this.#finish("length");
  }

  /** Ends without a word: its reader has gone. */
  abort(): void {
    this.events.discard();
    this.options.matcher?.close();
  }

  /** Ends with an error for the reader. */
  fail(error: unknown): void {
    this.events.fail(error);
    this.options.matcher?.close();
  }

  /** Sends what was withheld, which may still complete a stop string, then ends. */
  #finish(reason: FinishReason): void {
    const { text, stopString } = this.#stopMatcher.push(this.options.detokenizer.flush());
    const isStopped = stopString !== undefined;
    this.#send(isStopped ? text : text + this.#stopMatcher.flush());
    this.#end(isStopped ? "stop" : reason, stopString);
  }

  #send(text: string): void {
    if (text === "") return;
    this.events.push({ type: "text-delta", text, tokenCount: this.#unsentTokenCount });
    this.#unsentTokenCount = 0;
  }

  #end(finishReason: FinishReason, stopString?: string): void {
    const since = (atMs: number | undefined) => (atMs ?? this.options.nowMs()) - this.#addedAtMs;
    this.events.push({
      type: "sequence-end",
      finishReason,
      ...(stopString !== undefined && { stopString }),
      promptTokenCount: this.options.promptIds.length,
      cachedPromptTokenCount: this.#cachedPromptTokenCount,
      completionTokenCount: this.completionTokenCount,
      queuedMs: since(this.#startedAtMs),
      firstTokenMs: since(this.#firstTokenAtMs),
      durationMs: since(undefined),
    });
    this.events.end();
    this.options.matcher?.close();
  }
}
