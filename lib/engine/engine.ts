import { randomInt } from "node:crypto";
import { AppError } from "@/lib/errors";
import { WAITING_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { embedTokens } from "./embedder";
import { type LoadedModel, type LoadModelOptions, loadModel } from "./load-model";
import { logProbabilityOf, topLogProbabilities } from "./sampling/log-probabilities";
import { sampleToken } from "./sampling/sampler";
import { Scheduler } from "./scheduler";
import { Sequence, type SequenceEvent } from "./sequence";
import type { ChatMessage } from "./text/chat-template";
import { Detokenizer } from "./text/detokenizer";

/**
 * Prompt tokens of one step. A whole prompt in one pass would hold up everyone else's next token for
 * as long as it takes; pieces of this size cost a small model a few milliseconds.
 */
const PREFILL_TOKENS_PER_STEP = 256;
/** Seeds we draw: any integer a JSON number holds would do; crypto.randomInt stops at 2^48. */
const DRAWN_SEED_MAX = 2 ** 47;

export type EngineOptions = LoadModelOptions & {
  nowMs?: () => number;
};

export type EngineRequest = {
  messages: readonly ChatMessage[];
  /** What is absent takes the model's default; an absent seed is drawn. */
  sampling: {
    temperature?: number | undefined;
    topP?: number | undefined;
    seed?: number | undefined;
  };
  stop: readonly string[];
  maxTokens?: number | undefined;
  /** Report each token with its log-probability and this many alternatives. */
  logProbabilityCount?: number | undefined;
  /** Report the prompt's log-probabilities. */
  reportPrompt?: boolean | undefined;
};

/**
 * Text in, text out, for one model; the only loop that runs it. It knows nothing of HTTP, of threads
 * or of who asks. Any number of sequences can be added while it runs; each gets a stream of its own.
 */
export class Engine {
  readonly model: LoadedModel;
  readonly #scheduler: Scheduler<Sequence>;
  readonly #nowMs: () => number;
  /** The loop, while it runs. */
  #loop: Promise<void> | undefined;

  /** @throws StartError when the folder cannot be served. */
  static async load(folder: string, options: EngineOptions): Promise<Engine> {
    return new Engine(await loadModel(folder, options), options);
  }

  private constructor(model: LoadedModel, options: EngineOptions) {
    this.model = model;
    this.#scheduler = new Scheduler(model.memory.slotCount);
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  get runningCount(): number {
    return this.#scheduler.runningCount;
  }

  get waitingCount(): number {
    return this.#scheduler.waitingCount;
  }

  /**
   * Begins a sequence and returns its events. It is removed, and its memory freed, as soon as
   * `signal` aborts (the events then just end) or the reader stops reading.
   *
   * @throws AppError `context-length-exceeded`, `invalid-request` (the template refuses the messages)
   * or `overloaded`, before the first event.
   */
  async *generate(request: EngineRequest, signal: AbortSignal): AsyncGenerator<SequenceEvent> {
    if (signal.aborted) return;
    const sequence = this.#add(request);
    const abort = () => this.#abort(sequence);
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
  async embed(texts: readonly string[], signal: AbortSignal) {
    if (this.model.runner.signature.hiddenSize === undefined) {
      throw new AppError("not-supported", {
        message: `The model ${this.model.files.name} gives no embeddings (its graph has no last_hidden_state).`,
        param: "model",
      });
    }
    for (const [index, text] of texts.entries()) this.#expectMayFit([text], `inputs.${index}`);
    const inputs = texts.map((text) => this.encodeText(text));
    for (const [index, ids] of inputs.entries()) {
      const param = `inputs.${index}`;
      this.#expectFits(ids, param);
      if (ids.length > 0) continue;
      throw new AppError("invalid-request", { message: "There is no text to embed.", param });
    }
    const embeddings: number[][] = [];
    for (const ids of inputs) {
      signal.throwIfAborted();
      embeddings.push(await embedTokens(this.model.runner, ids));
    }
    return { embeddings, tokenCount: inputs.reduce((sum, ids) => sum + ids.length, 0) };
  }

  /** Ends every sequence and gives the graph's memory back. */
  async close(): Promise<void> {
    for (const sequence of this.#scheduler.members) this.#abort(sequence);
    await this.#loop;
    await this.model.runner.close();
  }

  #add(request: EngineRequest): Sequence {
    if (this.#scheduler.waitingCount >= WAITING_MAX) {
      throw new AppError("overloaded", {
        message: `${WAITING_MAX} requests already wait for this model. Try again in a moment.`,
      });
    }
    const { files, samplingDefaults, chatTemplate, tokenBytes, runner } = this.model;
    const contents = request.messages.map((message) => message.content);
    this.#expectMayFit(contents, "messages");
    const promptIds = this.encodeMessages(request.messages);
    this.#expectFits(promptIds, "messages");
    const room = files.contextLength - promptIds.length;
    const sequence = new Sequence({
      promptIds,
      completionTokenCountMax: Math.min(request.maxTokens ?? room, room),
      endTokenIds: files.endTokenIds,
      sampling: {
        temperature: request.sampling.temperature ?? samplingDefaults.temperature,
        topP: request.sampling.topP ?? samplingDefaults.topP,
        seed: request.sampling.seed ?? randomInt(DRAWN_SEED_MAX),
      },
      stop: [...request.stop, ...chatTemplate.stopStrings],
      detokenizer: new Detokenizer(tokenBytes),
      cache: runner.createCache(),
      logProbabilityCount: request.logProbabilityCount,
      reportPrompt: request.reportPrompt,
      nowMs: this.#nowMs,
    });
    this.#scheduler.add(sequence);
    this.#loop ??= this.#run();
    return sequence;
  }

  #abort(sequence: Sequence): void {
    sequence.abort();
    this.#scheduler.remove(sequence);
  }

  /** Refuses what leaves no room for a single new token. Nothing is ever cut to fit. */
  #expectFits(ids: readonly number[], param: string): void {
    if (ids.length >= this.model.files.contextLength) throw this.#tooLong(`${ids.length}`, param);
  }

  /**
   * Refuses without counting what is too long however it is counted. Splitting a megabyte into tokens
   * takes up to 5 s (measured: spaces, unbroken letters), in which nobody else gets a token.
   */
  #expectMayFit(texts: readonly string[], param: string): void {
    const { tokenBytes, files } = this.model;
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const tokenCountMin = Math.ceil(bytes / tokenBytes.longestTokenBytes);
    if (tokenCountMin >= files.contextLength) {
      throw this.#tooLong(`${tokenCountMin} or more`, param);
    }
  }

  #tooLong(count: string, param: string): AppError {
    const { contextLength } = this.model.files;
    return new AppError("context-length-exceeded", {
      message: `This model's context holds ${contextLength} tokens, the answer included; the prompt alone has ${count}. Shorten it or begin a new conversation.`,
      param,
    });
  }

  /** Steps until nobody is left; begun again by the next sequence. */
  async #run(): Promise<void> {
    try {
      for (let it = this.#scheduler.next(); it; it = this.#scheduler.next()) await this.#step(it);
    } catch (cause) {
      // A step that throws is a bug or a broken graph. Nobody's request can be trusted to go on, and
      // the rejection, which nothing handles, ends this thread so that a fresh one takes its place.
      const message =
        "The model stopped working. Try again; another worker or a fresh one answers.";
      for (const sequence of this.#scheduler.members) {
        sequence.fail(new AppError("worker-lost", { message, cause }));
        this.#scheduler.remove(sequence);
      }
      throw cause;
    } finally {
      this.#loop = undefined;
    }
  }

  /** One step of one sequence: a piece of its prompt, or its next token. */
  async #step(sequence: Sequence): Promise<void> {
    assert(sequence.cache, "a scheduled sequence has a cache");
    const ids = sequence.nextIds(PREFILL_TOKENS_PER_STEP);
    const isPromptDone = sequence.cache.length + ids.length === sequence.tokenCount;
    const { cache, logits } = await this.model.runner.forward({
      ids,
      cache: sequence.cache,
      fetchLogits: isPromptDone || sequence.options.reportPrompt === true,
    });
    // Aborted while it ran: already out of the scheduler.
    if (sequence.isFinished) return;
    sequence.cache = cache;
    this.#reportPrompt(sequence, logits, ids.length);
    if (!isPromptDone) return;
    const row = this.#row(logits, ids.length - 1);
    const id = sampleToken(row, sequence.options.sampling, sequence.tokenCount);
    this.#reportToken(sequence, row, id);
    sequence.append(id);
    if (sequence.isFinished) this.#scheduler.remove(sequence);
  }

  #row(logits: Float32Array, index: number): Float32Array {
    const { vocabularySize } = this.model.runner.signature;
    return logits.subarray(index * vocabularySize, (index + 1) * vocabularySize);
  }

  #reportPrompt(sequence: Sequence, logits: Float32Array, count: number): void {
    const { reportPrompt, promptIds } = sequence.options;
    if (!reportPrompt || sequence.completionTokenCount > 0) return;
    assert(sequence.cache, "the piece has just run");
    const start = sequence.cache.length - count;
    // Row i of a piece foretells the token after it; after the prompt's last there is none to report.
    const following = promptIds.slice(start + 1, start + 1 + count);
    const logProbabilities = following.map((id, row) =>
      logProbabilityOf(this.#row(logits, row), id),
    );
    sequence.events.push({ type: "prompt-log-probabilities", logProbabilities });
  }

  #reportToken(sequence: Sequence, row: Float32Array, id: number): void {
    const count = sequence.options.logProbabilityCount;
    if (count === undefined) return;
    sequence.events.push({
      type: "token",
      id,
      logProbability: logProbabilityOf(row, id),
      alternatives: topLogProbabilities(row, count),
    });
  }
}
