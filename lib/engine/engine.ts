import { AppError, isAppError } from "@/lib/errors";
import { WAITING_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import type { AnswerSplitter } from "./answer/answer-splitter";
import { detectAnswerFormat, type ModelAnswerFormat } from "./answer/detect-answer-format";
import { type AnswerEvent, toAnswerEvents } from "./answer-events";
import { type AnswerPlan, type AnswerWish, planAnswer } from "./answer-plan";
import { embedTokens } from "./embedder";
import { createGrammarCompiler } from "./grammar/create-grammar-compiler";
import type { GrammarCompiler, GrammarMatcher, GrammarSpec, Structure } from "./grammar/grammar";
import { toStructure } from "./grammar/to-structure";
import { toGrammarBytes } from "./grammar/vocabulary-bytes";
import { type LoadedModel, type LoadModelOptions, loadModel } from "./load-model";
import type { LoraAdapter } from "./lora/lora-adapter";
import { type EnginePrompt, PromptReader, type PromptWish } from "./prompt-reader";
import { drawSeed } from "./sampling/draw-seed";
import type { SamplingParameters } from "./sampling/sampling-parameters";
import { type Resumed, Sequence, type SequenceOptions } from "./sequence";
import { StepLoop } from "./step-loop";
import { tellNewTokens } from "./tell-tokens";
import type { ChatMessage } from "./text/chat-template";
import { Detokenizer } from "./text/detokenizer";
import type { ReasoningWish } from "./text/reasoning-control";

export type EngineOptions = LoadModelOptions & {
  /** Tokens of a whole chunk of a prompt; unless given, 64. */
  chunkTokens?: number | undefined;
  nowMs?: () => number;
  /** The bundle of grammar-thread.ts; without it no answer can be held to a grammar. */
  grammarThreadUrl?: URL | undefined;
  /** Makes what holds answers to grammars; unless given, `createGrammarCompiler`. */
  createGrammars?: (model: LoadedModel) => GrammarCompiler;
};

export type EngineRequest = EnginePrompt &
  AnswerWish &
  ReasoningWish & {
    /** What is absent takes the model's default; an absent seed is drawn. */
    sampling: { [Key in keyof SamplingParameters]?: SamplingParameters[Key] | undefined };
    stop: readonly string[];
    /** Tokens that end the answer besides the model's own. */
    stopTokenIds?: readonly number[] | undefined;
    /** The model's own end tokens are tokens like others: the answer runs to its length. */
    ignoreEos?: boolean | undefined;
    /** The answer does not end by a token before it has this many. */
    minTokens?: number | undefined;
    maxTokens?: number | undefined;
    /** The adapter to answer with, by its name; absent: the base alone. */
    adapter?: string | undefined;
    /** Nothing is reused of requests with another one; without spaces. */
    cacheSalt?: string | undefined;
    /** 0 for the first of several answers to one request. */
    choice?: number | undefined;
    /** Report each token with its log-probability and this many alternatives. */
    logProbabilityCount?: number | undefined;
    /** Report the prompt's log-probabilities. */
    reportPrompt?: boolean | undefined;
    /** Deltas name their tokens. */
    reportTokenIds?: boolean | undefined;
    /** What another engine has told of the answer already: it is gone on with, and nothing is told again. */
    resumed?: Resumed | undefined;
  };

/**
 * Text in, text out, for one model: checks requests, makes them sequences of tokens and hands those to
 * the loop that runs them all together. It knows nothing of HTTP, of threads or of who asks.
 */
export class Engine {
  readonly model: LoadedModel;
  /** How the model writes calls and reasoning. */
  readonly answerFormat: ModelAnswerFormat;
  readonly #loop: StepLoop;
  readonly #prompts: PromptReader;
  readonly #nowMs: () => number;
  readonly #createGrammars: (model: LoadedModel) => GrammarCompiler;
  /** Made when the first answer wants it: a model that nobody constrains pays nothing. */
  #grammars: GrammarCompiler | undefined;

  /** @throws StartError when the folder cannot be served. */
  static async load(folder: string, options: EngineOptions): Promise<Engine> {
    return new Engine(await loadModel(folder, options), options);
  }

  private constructor(model: LoadedModel, options: EngineOptions) {
    this.model = model;
    this.answerFormat = detectAnswerFormat({
      chatTemplate: model.chatTemplate,
      addedTokens: model.files.tokenizer.added_tokens,
    });
    this.#prompts = new PromptReader(model, this.answerFormat);
    this.#nowMs = options.nowMs ?? (() => performance.now());
    const { grammarThreadUrl } = options;
    this.#createGrammars =
      options.createGrammars ?? (() => this.#createDefaultGrammars(grammarThreadUrl));
    this.#loop = new StepLoop(model.runner, {
      slotCount: model.memory.slotCount,
      chunkTokens: options.chunkTokens,
      mayCutAnywhere: model.mayCutAnywhere,
    });
  }

  get runningCount(): number {
    return this.#loop.runningCount;
  }

  get waitingCount(): number {
    return this.#loop.waitingCount;
  }

  /** Passes of the graph so far: while it grows, the model works. */
  get passCount(): number {
    return this.#loop.passCount;
  }

  /** Rows of the KV cache that sequences hold; 0 when nobody runs. */
  get heldSlotCount(): number {
    return this.#loop.heldSlotCount;
  }

  /**
   * Begins a sequence and returns its events. It is removed as soon as `signal` aborts (the events then
   * just end) or the reader stops reading; its row is free at the latest when the pass under way ends.
   *
   * @throws AppError `context-length-exceeded`, `invalid-request` (the template refuses the messages, a
   * token id is not one of the model's) or `overloaded`, before the first event.
   */
  async *generate(request: EngineRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
    const begun = signal.aborted ? undefined : await this.#begin(request, signal);
    if (!begun) return;
    const { sequence, splitter } = begun;
    const abort = () => this.#loop.abort(sequence);
    signal.addEventListener("abort", abort, { once: true });
    const events = splitter ? toAnswerEvents(sequence.events, splitter) : sequence.events;
    const { reportTokenIds = false, resumed } = request;
    try {
      yield* reportTokenIds || resumed ? tellNewTokens(events, sequence, reportTokenIds) : events;
    } finally {
      signal.removeEventListener("abort", abort);
      abort();
    }
  }

  /** Ids of the prompt that these messages make. */
  encodeMessages(messages: readonly ChatMessage[], wish?: PromptWish): number[] {
    return this.#prompts.encodeMessages(messages, wish);
  }

  encodeText(text: string): number[] {
    return this.model.tokenizer.encodeText(text);
  }

  /** What the tokenizer's own rule makes of a text's ids (`<s>` before those of Llama's). */
  addSpecialTokens(ids: readonly number[]): number[] {
    return this.#prompts.addSpecialTokens(ids);
  }

  /**
   * Text of ids, control tokens spelled out.
   *
   * @throws AppError `invalid-request` for what is no token.
   */
  decode(ids: readonly number[]): string {
    this.#prompts.expectTokenIds(ids, "ids");
    const detokenizer = new Detokenizer(this.model.tokenBytes, { control: "spelled" });
    return ids.map((id) => detokenizer.push(id)).join("") + detokenizer.flush();
  }

  /**
   * One vector a text, and the tokens they took. Runs between the steps of the sequences.
   *
   * @throws AppError `not-supported`, `invalid-request` or `context-length-exceeded`; the signal's reason on abort.
   */
  async embed(texts: readonly (string | readonly number[])[], signal: AbortSignal) {
    if (this.model.runner.signature.hiddenSize === undefined) {
      throw new AppError("not-supported", {
        message: `The model ${this.model.files.name} gives no embeddings (its graph has no last_hidden_state of float32).`,
        param: "model",
      });
    }
    for (const [index, text] of texts.entries()) {
      if (typeof text === "string") this.#prompts.expectMayFit([text], `inputs.${index}`);
    }
    const inputs = texts.map((it) => (typeof it === "string" ? this.encodeText(it) : it));
    for (const [index, ids] of inputs.entries()) {
      const param = `inputs.${index}`;
      this.#prompts.expectTokenIds(ids, param);
      this.#prompts.expectFits(ids, param);
      if (ids.length > 0) continue;
      throw new AppError("invalid-request", { message: "There is no text to embed.", param });
    }
    const embeddings: number[][] = [];
    for (const ids of inputs) {
      signal.throwIfAborted();
      embeddings.push(await embedTokens(this.model.runner, ids, signal));
    }
    return { embeddings, tokenCount: inputs.reduce((sum, ids) => sum + ids.length, 0) };
  }

  /** For tests: throws when a row of the cache is held twice or by somebody who has left. */
  assertConsistent(): void {
    this.#loop.assertConsistent();
  }

  /** For tests: forgets every prompt and fills the cache with what no correct pass reads. */
  poisonCache(): void {
    this.#loop.poisonCache();
  }

  /** Ends every sequence and gives the graph's memory back. */
  async close(): Promise<void> {
    await this.#loop.close();
    await this.#grammars?.close();
    await this.model.runner.close();
  }

  /** Undefined when `signal` aborted before there was anything to begin. */
  async #begin(
    request: EngineRequest,
    signal: AbortSignal,
  ): Promise<{ sequence: Sequence; splitter: AnswerSplitter | undefined } | undefined> {
    this.#expectRoom();
    // Before the grammar is compiled: what cannot be answered anyway costs nothing.
    const { ids, text } = this.#prompts.read(request);
    const plan = planAnswer(request, this.answerFormat, text);
    const { grammar, splitter } = plan;
    const isShaped = splitter !== undefined || grammar !== undefined;
    const options = this.#toSequenceOptions(request, ids, isShaped);
    const matcher = await this.#compilePlan(plan, options, signal).catch((error: unknown) => {
      throw request.grammar ? error : asToolFault(error);
    });
    if (signal.aborted) {
      matcher?.close();
      return undefined;
    }
    try {
      this.#expectRoom();
      const sequence = new Sequence({ ...options, matcher });
      // An answer can have ended with the last token that was told of it.
      if (!sequence.isFinished) this.#loop.add(sequence);
      return { sequence, splitter };
    } catch (error) {
      matcher?.close();
      throw error;
    }
  }

  #expectRoom(): void {
    if (this.#loop.waitingCount < WAITING_MAX) return;
    throw new AppError("overloaded", {
      message: `${WAITING_MAX} requests already wait for this model. Try again in a moment.`,
    });
  }

  async #compilePlan(
    { grammar, looserGrammar }: AnswerPlan,
    options: SequenceOptions,
    signal: AbortSignal,
  ): Promise<GrammarMatcher | undefined> {
    if (!looserGrammar) return await this.#compile(grammar, options, signal);
    try {
      return await this.#compile(grammar, options, signal);
    } catch (error) {
      // Too large, or too slow to be read.
      const isOfGrammar = error instanceof AppError && error.param === "grammar";
      if (!isOfGrammar || !["invalid-request", "timeout"].includes(error.code)) throw error;
      return await this.#compile(looserGrammar, options, signal);
    }
  }

  async #compile(
    grammar: GrammarSpec | undefined,
    { stopTokenIds, resumed }: SequenceOptions,
    signal: AbortSignal,
  ): Promise<GrammarMatcher | undefined> {
    if (!grammar) return undefined;
    // A token that ends the answer is none of the grammar's.
    const accepted = resumed?.ids.filter((id) => !stopTokenIds.includes(id));
    this.#grammars ??= this.#createGrammars(this.model);
    const spec = this.model.tokenBytes.dropsFirstSpace ? afterSpace(grammar) : grammar;
    let matcher: GrammarMatcher | undefined;
    try {
      matcher = await this.#grammars.compile(spec, stopTokenIds, signal, accepted);
      await matcher.whenReady();
      return matcher;
    } catch (error) {
      matcher?.close();
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #createDefaultGrammars(threadUrl: URL | undefined): GrammarCompiler {
    if (!threadUrl) {
      const message = "This engine was started without what holds answers to grammars.";
      throw new AppError("not-supported", { message, param: "grammar" });
    }
    return createGrammarCompiler({
      vocabularySize: this.model.runner.signature.vocabularySize,
      bytesOf: toGrammarBytes(this.model.tokenBytes, this.answerFormat.format.spelledTokens),
      threadUrl,
    });
  }

  #adapterOf({ adapter: name }: EngineRequest): LoraAdapter | undefined {
    if (name === undefined) return undefined;
    const adapter = this.model.adapters.get(name);
    assert(adapter, "only adapters that are loaded are offered");
    return adapter;
  }

  #toSequenceOptions(
    request: EngineRequest,
    promptIds: readonly number[],
    isShaped: boolean,
  ): SequenceOptions {
    const { samplingDefaults, chatTemplate, tokenBytes } = this.model;
    const room = this.model.contextLength - promptIds.length;
    const ownEnds = request.ignoreEos ? [] : this.model.files.endTokenIds;
    // What says nothing at all about a field leaves it to the model; `undefined` is nothing.
    const asked = Object.entries(request.sampling).filter(([, value]) => value !== undefined);
    const sampling = { ...samplingDefaults, ...Object.fromEntries(asked) };
    this.#prompts.expectTokenIds([...sampling.logitBias.keys()], "sampling.logitBias");
    this.#prompts.expectTokenIds(request.stopTokenIds ?? [], "stopTokenIds");
    const { resumed } = request;
    this.#prompts.expectTokenIds(resumed?.ids ?? [], "resume.tokenIds");
    const completionTokenCountMax = Math.min(request.maxTokens ?? room, room);
    const given = resumed?.ids.length ?? 0;
    if (given > completionTokenCountMax) {
      throw new AppError("invalid-request", {
        message: `An answer of ${given} tokens cannot be gone on with: there is room for ${completionTokenCountMax}.`,
        param: "resume.tokenIds",
      });
    }
    const { minTokens = 0 } = request;
    if (minTokens > completionTokenCountMax) {
      throw new AppError("invalid-request", {
        message: `An answer of at least ${minTokens} tokens cannot be given: there is room for ${completionTokenCountMax}. Ask for fewer.`,
        param: "minTokens",
      });
    }
    return {
      promptIds,
      completionTokenCountMax,
      stopTokenIds: [...ownEnds, ...(request.stopTokenIds ?? [])],
      minTokens,
      sampling: { ...sampling, seed: request.sampling.seed ?? drawSeed() },
      choice: request.choice ?? 0,
      stop: [...request.stop, ...("messages" in request ? chatTemplate.stopStrings : [])],
      // The marks of calls and reasoning are control tokens in some vocabularies; masks let them pass.
      detokenizer: new Detokenizer(tokenBytes, {
        control: "omitted",
        spelledIds: isShaped ? this.answerFormat.spelledIds : undefined,
      }),
      logProbabilityCount: request.logProbabilityCount,
      // The prompt was told before the answer's first token.
      reportPrompt: request.reportPrompt && !resumed,
      resumed,
      adapter: this.#adapterOf(request),
      cacheSalt: request.cacheSalt,
      nowMs: this.#nowMs,
    };
  }
}

/**
 * SentencePiece vocabularies write words with the space before them, and the one before an answer's first
 * word is dropped from its text: what is held to is what follows that space.
 */
function afterSpace(grammar: GrammarSpec): GrammarSpec {
  const parts: Structure[] = [{ type: "text", text: " " }, toStructure(grammar)];
  return { type: "structure", structure: { type: "sequence", parts } };
}

/** Who asked for no grammar is told of the tools that one was made of. */
function asToolFault(error: unknown): unknown {
  if (!isAppError(error) || error.param !== "grammar") return error;
  const { code, message, retryAfterSeconds } = error;
  return new AppError(code, { message, param: "toolRequest", retryAfterSeconds, cause: error });
}
