import { assert } from "@/lib/util/assert";
import { AsyncQueue } from "@/lib/util/async-queue";
import type { KvCache } from "./model-runner";
import type { TokenLogProbability } from "./sampling/log-probabilities";
import type { SamplingParameters } from "./sampling/sampler";
import type { Detokenizer } from "./text/detokenizer";
import { StopMatcher } from "./text/stop-matcher";

export type FinishReason = "stop" | "length";

/** What a sequence tells its reader: start, then text and tokens as they come, then the end. */
export type SequenceEvent =
  | {
      type: "sequence-start";
      promptTokenCount: number;
      completionTokenCountMax: number;
      sampling: SamplingParameters;
    }
  | { type: "text-delta"; text: string; tokenCount: number }
  /** Only when log-probabilities were asked for. */
  | ({ type: "token"; alternatives: TokenLogProbability[] } & TokenLogProbability)
  /** Only when those of the prompt were asked for: one for each of its tokens but the first. */
  | { type: "prompt-log-probabilities"; logProbabilities: number[] }
  | {
      type: "sequence-end";
      finishReason: FinishReason;
      promptTokenCount: number;
      completionTokenCount: number;
      /** Since the sequence was added: until its first step, its first token, its end. */
      queuedMs: number;
      firstTokenMs: number;
      durationMs: number;
    };

export type SequenceOptions = {
  promptIds: readonly number[];
  completionTokenCountMax: number;
  endTokenIds: readonly number[];
  sampling: SamplingParameters;
  stop: readonly string[];
  detokenizer: Detokenizer;
  cache: KvCache;
  /** Alternatives to report with each token; undefined reports no log-probabilities at all. */
  logProbabilityCount?: number | undefined;
  reportPrompt?: boolean | undefined;
  nowMs: () => number;
};

/**
 * One request in flight: its tokens, its cache, its text, and what its reader is told. It knows when
 * it is finished, but not when it runs (`scheduler.ts`) nor how (`model-runner.ts`).
 */
export class Sequence {
  readonly events = new AsyncQueue<SequenceEvent>();
  readonly options: SequenceOptions;
  /** Dropped when the sequence ends, so that its memory goes at once. */
  cache: KvCache | undefined;
  readonly #ids: number[];
  readonly #stopMatcher: StopMatcher;
  readonly #addedAtMs: number;
  #startedAtMs: number | undefined;
  #firstTokenAtMs: number | undefined;
  /** Tokens since the last delta: those inside an open code point or a possible stop string. */
  #unsentTokenCount = 0;

  constructor(options: SequenceOptions) {
    assert(options.promptIds.length > 0, "a prompt has at least one token");
    assert(options.completionTokenCountMax > 0, "there is room for an answer");
    this.options = options;
    this.cache = options.cache;
    this.#ids = [...options.promptIds];
    this.#stopMatcher = new StopMatcher(options.stop);
    this.#addedAtMs = options.nowMs();
    this.events.push({
      type: "sequence-start",
      promptTokenCount: options.promptIds.length,
      completionTokenCountMax: options.completionTokenCountMax,
      sampling: options.sampling,
    });
  }

  get isFinished(): boolean {
    return this.events.isClosed;
  }

  /** Prompt and answer so far; also the position of the next token. */
  get tokenCount(): number {
    return this.#ids.length;
  }

  get completionTokenCount(): number {
    return this.#ids.length - this.options.promptIds.length;
  }

  /** Tokens not yet in the cache, `countMax` at most: the rest of the prompt, or the last token. */
  nextIds(countMax: number): number[] {
    assert(this.cache, "a finished sequence does not run");
    this.#startedAtMs ??= this.options.nowMs();
    return this.#ids.slice(this.cache.length, this.cache.length + countMax);
  }

  /** Takes the token that was chosen, tells the reader, and ends when it is the last. */
  append(id: number): void {
    assert(!this.isFinished, "a finished sequence takes no tokens");
    this.#firstTokenAtMs ??= this.options.nowMs();
    this.#ids.push(id);
    this.#unsentTokenCount++;
    if (this.options.endTokenIds.includes(id)) {
      this.#finish("stop");
      return;
    }
    const { text, isStopped } = this.#stopMatcher.push(this.options.detokenizer.push(id));
    this.#send(text);
    const isFull = this.completionTokenCount === this.options.completionTokenCountMax;
    if (isStopped) this.#end("stop");
    else if (isFull) this.#finish("length");
  }

  /** Ends without a word: its reader has gone. */
  abort(): void {
    this.cache = undefined;
    this.events.discard();
  }

  /** Ends with an error for the reader. */
  fail(error: unknown): void {
    this.cache = undefined;
    this.events.fail(error);
  }

  /** Sends what was withheld, which may still complete a stop string, then ends. */
  #finish(reason: FinishReason): void {
    const { text, isStopped } = this.#stopMatcher.push(this.options.detokenizer.flush());
    this.#send(isStopped ? text : text + this.#stopMatcher.flush());
    this.#end(isStopped ? "stop" : reason);
  }

  #send(text: string): void {
    if (text === "") return;
    this.events.push({ type: "text-delta", text, tokenCount: this.#unsentTokenCount });
    this.#unsentTokenCount = 0;
  }

  #end(finishReason: FinishReason): void {
    const since = (atMs: number | undefined) => (atMs ?? this.options.nowMs()) - this.#addedAtMs;
    this.cache = undefined;
    this.events.push({
      type: "sequence-end",
      finishReason,
      promptTokenCount: this.options.promptIds.length,
      completionTokenCount: this.completionTokenCount,
      queuedMs: since(this.#startedAtMs),
      firstTokenMs: since(this.#firstTokenAtMs),
      durationMs: since(undefined),
    });
    this.events.end();
  }
}
