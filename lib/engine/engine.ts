import { AppError } from "@/lib/errors";
import { WAITING_MAX } from "@/lib/limits";
import type { ToolRequest } from "./answer/answer-format";
import { embedTokens } from "./embedder";
import type { GrammarSpec } from "./grammar/grammar";
import { type LoadedModel, type LoadModelOptions, loadModel } from "./load-model";
import { drawSeed } from "./sampling/draw-seed";
import type { SamplingParameters } from "./sampling/sampling-parameters";
import { Sequence, type SequenceEvent } from "./sequence";
import { StepLoop } from "./step-loop";
import type { ChatMessage } from "./text/chat-template";
import { Detokenizer } from "./text/detokenizer";

export type EngineOptions = LoadModelOptions & {
  /** Tokens of a whole chunk of a prompt; unless given, 64. */
  chunkTokens?: number | undefined;
  nowMs?: () => number;
};

/** A conversation, or the ids of a prompt as they are. */
export type EnginePrompt = { messages: readonly ChatMessage[] } | { promptIds: readonly number[] };

export type EngineRequest = EnginePrompt & {
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
  /** 0 for the first of several answers to one request. */
  choice?: number | undefined;
  /** Report each token with its log-probability and this many alternatives. */
  logProbabilityCount?: number | undefined;
  /** Report the prompt's log-probabilities. */
  reportPrompt?: boolean | undefined;
  /** What the answer must look like; what follows the reasoning where that is told apart. */
  grammar?: GrammarSpec | undefined;
  /** Functions that the answer may ask to have called. */
  toolRequest?: ToolRequest | undefined;
  /** Reasoning comes as events of its own. */
  splitReasoning?: boolean | undefined;
};

/**
 * Text in, text out, for one model: checks requests, makes them sequences of tokens and hands those to
 * the loop that runs them all together. It knows nothing of HTTP, of threads or of who asks.
 */
export class Engine {
  readonly model: LoadedModel;
  readonly #loop: StepLoop;
  readonly #nowMs: () => number;

  /** @throws StartError when the folder cannot be served. */
  static async load(folder: string, options: EngineOptions): Promise<Engine> {
    return new Engine(await loadModel(folder, options), options);
  }

  private constructor(model: LoadedModel, options: EngineOptions) {
    this.model = model;
    this.#nowMs = options.nowMs ?? (() => performance.now());
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
  async *generate(request: EngineRequest, signal: AbortSignal): AsyncGenerator<SequenceEvent> {
    if (signal.aborted) return;
    const sequence = this.#add(request);
    const abort = () => this.#loop.abort(sequence);
    signal.addEventListener("abort", abort, { once: true });
    try {
      yield* sequence.events;
    } finally {
      signal.removeEventListener("abort", abort);
      abort();
    }
  }

  /** Ids of the prompt that these messages make. */
  encodeMessages(messages: readonly ChatMessage[]): number[] {
    const { tokenizer, chatTemplate } = this.model;
    const quoted = messages.map(({ role, content }) => ({
      role,
      content: tokenizer.quote(content),
    }));
    return tokenizer.encodePrompt(chatTemplate.render(quoted));
  }

  encodeText(text: string): number[] {
    return this.model.tokenizer.encodeText(text);
  }

  /** Text of ids, control tokens spelled out. */
  decode(ids: readonly number[]): string {
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
        message: `The model ${this.model.files.name} gives no embeddings (its graph has no last_hidden_state).`,
        param: "model",
      });
    }
    for (const [index, text] of texts.entries()) {
      if (typeof text === "string") this.#expectMayFit([text], `inputs.${index}`);
    }
    const inputs = texts.map((it) => (typeof it === "string" ? this.encodeText(it) : it));
    for (const [index, ids] of inputs.entries()) {
      const param = `inputs.${index}`;
      this.#expectTokenIds(ids, param);
      this.#expectFits(ids, param);
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
    await this.model.runner.close();
  }

  #add(request: EngineRequest): Sequence {
    if (this.#loop.waitingCount >= WAITING_MAX) {
      throw new AppError("overloaded", {
        message: `${WAITING_MAX} requests already wait for this model. Try again in a moment.`,
      });
    }
    const { samplingDefaults, chatTemplate, tokenBytes } = this.model;
    const promptIds = this.#promptIdsOf(request);
    const room = this.model.contextLength - promptIds.length;
    const ownEnds = request.ignoreEos ? [] : this.model.files.endTokenIds;
    // What says nothing at all about a field leaves it to the model; `undefined` is nothing.
    const asked = Object.entries(request.sampling).filter(([, value]) => value !== undefined);
    const sampling = { ...samplingDefaults, ...Object.fromEntries(asked) };
    this.#expectTokenIds([...sampling.logitBias.keys()], "sampling.logitBias");
    this.#expectTokenIds(request.stopTokenIds ?? [], "stopTokenIds");
    const completionTokenCountMax = Math.min(request.maxTokens ?? room, room);
    const { minTokens = 0 } = request;
    if (minTokens > completionTokenCountMax) {
      throw new AppError("invalid-request", {
        message: `An answer of at least ${minTokens} tokens cannot be given: there is room for ${completionTokenCountMax}. Ask for fewer.`,
        param: "minTokens",
      });
    }
    const sequence = new Sequence({
      promptIds,
      completionTokenCountMax,
      stopTokenIds: [...ownEnds, ...(request.stopTokenIds ?? [])],
      minTokens,
      sampling: { ...sampling, seed: request.sampling.seed ?? drawSeed() },
      choice: request.choice ?? 0,
      stop: [...request.stop, ...("messages" in request ? chatTemplate.stopStrings : [])],
      detokenizer: new Detokenizer(tokenBytes),
      logProbabilityCount: request.logProbabilityCount,
      reportPrompt: request.reportPrompt,
      nowMs: this.#nowMs,
    });
    this.#loop.add(sequence);
    return sequence;
  }

  #promptIdsOf(request: EnginePrompt): readonly number[] {
    if ("promptIds" in request) {
      this.#expectTokenIds(request.promptIds, "promptIds");
      this.#expectFits(request.promptIds, "promptIds");
      if (request.promptIds.length > 0) return request.promptIds;
      throw new AppError("invalid-request", {
        message: "The prompt is empty. Give it at least one token.",
        param: "promptIds",
      });
    }
    const contents = request.messages.map((message) => message.content);
    this.#expectMayFit(contents, "messages");
    const promptIds = this.encodeMessages(request.messages);
    // A tokenizer can have tokens that the graph was not made for.
    this.#expectTokenIds(promptIds, "messages");
    this.#expectFits(promptIds, "messages");
    if (promptIds.length > 0) return promptIds;
    throw new AppError("invalid-request", {
      message: "The model's chat template makes an empty prompt of these messages.",
      param: "messages",
    });
  }

  /** Refuses what is no id of the model's vocabulary. */
  #expectTokenIds(ids: readonly number[], param: string): void {
    const { vocabularySize } = this.model.runner.signature;
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
    if (wrong === undefined) return;
    throw new AppError("invalid-request", {
      message: `${wrong} is not a token of this model: its ids go from 0 to ${vocabularySize - 1}.`,
      param,
    });
  }

  /** Refuses what leaves no room for a single new token. Nothing is ever cut to fit. */
  #expectFits(ids: readonly number[], param: string): void {
    if (ids.length >= this.model.contextLength) throw this.#tooLong(`${ids.length}`, param);
  }

  /**
   * Refuses without counting what is too long however it is counted. Splitting a megabyte into tokens
   * takes up to 5 s (measured: spaces, unbroken letters), in which nobody else gets a token.
   */
  #expectMayFit(texts: readonly string[], param: string): void {
    const { tokenBytes, contextLength } = this.model;
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const tokenCountMin = Math.ceil(bytes / tokenBytes.longestTokenBytes);
    if (tokenCountMin >= contextLength) throw this.#tooLong(`${tokenCountMin} or more`, param);
  }

  #tooLong(count: string, param: string): AppError {
    return new AppError("context-length-exceeded", {
      message: `This model's context holds ${this.model.contextLength} tokens, the answer included; the prompt alone has ${count}. Shorten it or begin a new conversation.`,
      param,
    });
  }
}
