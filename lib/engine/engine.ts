import { randomInt } from "node:crypto";
import { AppError, isAppError } from "@/lib/errors";
import { WAITING_MAX } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { embedTokens } from "./embedder";
import { KvSlots } from "./kv-slots";
import { type LoadedModel, type LoadModelOptions, loadModel } from "./load-model";
import type { LogitsWanted, PassLogits } from "./model-runner";
import { PrefillPace } from "./prefill-pace";
import { logProbabilityOf, reportTokens } from "./sampling/log-probabilities";
import { sampleToken } from "./sampling/sampler";
import type { SamplingParameters } from "./sampling/sampling-parameters";
import type { TokenLogits } from "./sampling/token-logits";
import { Scheduler } from "./scheduler";
import { Sequence, type SequenceEvent } from "./sequence";
import type { ChatMessage } from "./text/chat-template";
import { Detokenizer } from "./text/detokenizer";

/**
 * Prompts run in chunks of this many tokens, always cut at the same places, so that what a prompt gets
 * depends neither on who else is served nor on what was cached (`kv-slots.ts`). Longer chunks run
 * little faster per token (`npm run bench -- engine`), hold up others longer and reuse less.
 */
const CHUNK_TOKENS_DEFAULT = 64;
/** Seeds we draw: any integer a JSON number holds would do; crypto.randomInt stops at 2^48. */
const DRAWN_SEED_MAX = 2 ** 47;

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
};

/**
 * Text in, text out, for one model; the only loop that runs it. Sequences join and leave between
 * steps. A step is: prompts in chunks, within a budget, then one token for everyone who decodes. It
 * knows nothing of HTTP, of threads or of who asks.
 */
export class Engine {
  readonly model: LoadedModel;
  readonly #scheduler: Scheduler<Sequence>;
  readonly #slots: KvSlots<Sequence>;
  readonly #chunkTokens: number;
  readonly #pace = new PrefillPace();
  readonly #nowMs: () => number;
  /** The loop, while it runs. */
  #loop: Promise<void> | undefined;
  /** While a pass runs nobody may move rows; who leaves meanwhile gives its row back afterwards. */
  #isPassRunning = false;

  /** @throws StartError when the folder cannot be served. */
  static async load(folder: string, options: EngineOptions): Promise<Engine> {
    return new Engine(await loadModel(folder, options), options);
  }

  private constructor(model: LoadedModel, options: EngineOptions) {
    this.model = model;
    this.#scheduler = new Scheduler(model.memory.slotCount);
    this.#chunkTokens = options.chunkTokens ?? CHUNK_TOKENS_DEFAULT;
    this.#slots = new KvSlots(model.memory.slotCount, this.#chunkTokens, model.runner.cache);
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  get runningCount(): number {
    return this.#scheduler.runningCount;
  }

  get waitingCount(): number {
    return this.#scheduler.waitingCount;
  }

  /** Rows of the KV cache that sequences hold; 0 when nobody runs. */
  get heldSlotCount(): number {
    return this.#slots.heldCount;
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

  /** For tests: throws when a row of the cache is held twice or by somebody who has left. */
  assertConsistent(): void {
    this.#slots.assertConsistent();
    // Who leaves during a pass keeps the row until it ends.
    const isSettled = !this.#isPassRunning;
    const isHeldByRunning = this.#slots.heldCount <= this.#scheduler.runningCount;
    assert(!isSettled || isHeldByRunning, "only who runs holds a row");
  }

  /** For tests: forgets every prompt and fills the cache with what no correct pass reads. */
  poisonCache(): void {
    assert(this.#slots.heldCount === 0, "nobody's row is poisoned");
    this.#slots.forget();
    this.model.runner.cache.poison();
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
    const { samplingDefaults, chatTemplate, tokenBytes } = this.model;
    const promptIds = this.#promptIdsOf(request);
    const room = this.model.contextLength - promptIds.length;
    const ownEnds = request.ignoreEos ? [] : this.model.files.endTokenIds;
    // What says nothing at all about a field leaves it to the model; `undefined` is nothing.
    const asked = Object.entries(request.sampling).filter(([, value]) => value !== undefined);
    const sampling = { ...samplingDefaults, ...Object.fromEntries(asked) };
    this.#expectTokenIds([...sampling.logitBias.keys()], "sampling.logitBias");
    this.#expectTokenIds(request.stopTokenIds ?? [], "stopTokenIds");
    const sequence = new Sequence({
      promptIds,
      completionTokenCountMax: Math.min(request.maxTokens ?? room, room),
      stopTokenIds: [...ownEnds, ...(request.stopTokenIds ?? [])],
      minTokens: request.minTokens ?? 0,
      sampling: { ...sampling, seed: request.sampling.seed ?? randomInt(DRAWN_SEED_MAX) },
      choice: request.choice ?? 0,
      stop: [...request.stop, ...("messages" in request ? chatTemplate.stopStrings : [])],
      detokenizer: new Detokenizer(tokenBytes),
      logProbabilityCount: request.logProbabilityCount,
      reportPrompt: request.reportPrompt,
      nowMs: this.#nowMs,
    });
    this.#scheduler.add(sequence);
    this.#loop ??= this.#run();
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
    this.#expectFits(promptIds, "messages");
    if (promptIds.length > 0) return promptIds;
    throw new AppError("invalid-request", {
      message: "The model's chat template makes an empty prompt of these messages.",
      param: "messages",
    });
  }

  #abort(sequence: Sequence): void {
    sequence.abort();
    this.#remove(sequence);
  }

  #remove(sequence: Sequence): void {
    this.#scheduler.remove(sequence);
    if (!this.#isPassRunning) this.#slots.release(sequence);
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

  /** Steps until nobody is left; begun again by the next sequence. */
  async #run(): Promise<void> {
    try {
      while (this.#scheduler.runningCount > 0) await this.#step();
    } catch (cause) {
      // A step that throws is a bug or a broken graph. Nobody's request can be trusted to go on, and
      // the rejection, which nothing handles, ends this thread so that a fresh one takes its place.
      const message =
        "The model stopped working. Try again; another worker or a fresh one answers.";
      for (const sequence of this.#scheduler.members) {
        sequence.fail(new AppError("worker-lost", { message, cause }));
        this.#remove(sequence);
      }
      throw cause;
    } finally {
      this.#loop = undefined;
    }
  }

  async #step(): Promise<void> {
    while (this.#pace.mayPrefill(this.#scheduler.isAnyoneDecoding)) {
      const sequence = this.#scheduler.nextPrompt();
      if (!sequence) break;
      await this.#prefill(sequence);
    }
    if (this.#scheduler.isAnyoneDecoding) await this.#decode();
  }

  /** Runs the next chunk of a prompt; after the last one its first token is drawn. */
  async #prefill(sequence: Sequence): Promise<void> {
    const { promptIds, sampling, reportPrompt = false } = sequence.options;
    if (!this.#slots.holds(sequence)) {
      // What others have made comes without the log-probabilities of its tokens.
      sequence.begin(this.#slots.acquire(sequence, !reportPrompt));
    }
    const { row, length } = this.#slots.locate(sequence);
    const ids = promptIds.slice(length, length + this.#chunkTokens);
    const wanted: LogitsWanted = reportPrompt ? "all" : "last";
    const temperature = wholeVocabularyTemperature(sampling);
    const startedAtMs = this.#nowMs();
    const logits = await this.#pass([sequence], ids.length, () =>
      this.model.runner.prefill({ row, start: length, ids, logits: wanted, temperature }),
    );
    this.#pace.notePrefill(this.#nowMs() - startedAtMs);
    // Aborted while it ran: already out of the scheduler, and its row given back.
    if (sequence.isFinished) return;
    sequence.advancePrompt(ids.length);
    if (reportPrompt) this.#reportPrompt(sequence, logits, length);
    if (sequence.promptTokensLeft > 0) return;
    this.#slots.pack(sequence);
    this.#scheduler.promote(sequence);
    this.#take(sequence, logits.at(logits.count - 1));
  }

  /** One token for everyone who decodes. */
  async #decode(): Promise<void> {
    const sequences = this.#slots.packed;
    const startedAtMs = this.#nowMs();
    const logits = await this.#pass(sequences, 1, () =>
      this.model.runner.decode({
        ids: sequences.map((it) => it.lastId),
        lengths: sequences.map((it) => this.#slots.locate(it).length),
        temperatures: sequences.map((it) => wholeVocabularyTemperature(it.options.sampling)),
        spareLength: this.#slots.lengthAt(sequences.length),
      }),
    );
    this.#pace.noteDecode(this.#nowMs() - startedAtMs);
    for (const [index, sequence] of sequences.entries()) {
      if (!sequence.isFinished) this.#take(sequence, logits.at(index));
    }
  }

  /**
   * One pass of the graph over `tokenCount` tokens of each of `sequences`. First what it wrote is noted,
   * for those too who left meanwhile: giving a row back moves others', with all that lies in them.
   */
  async #pass(
    sequences: readonly Sequence[],
    tokenCount: number,
    run: () => Promise<PassLogits>,
  ): Promise<PassLogits> {
    this.#isPassRunning = true;
    try {
      const logits = await run();
      for (const sequence of sequences) this.#slots.advance(sequence, tokenCount);
      return logits;
    } finally {
      this.#isPassRunning = false;
      for (const it of this.#slots.owners) if (it.isFinished) this.#slots.release(it);
    }
  }

  /** Draws the sequence's next token; what goes wrong with it is that request's alone. */
  #take(sequence: Sequence, logits: TokenLogits): void {
    try {
      const id = sampleToken(logits, sequence.options.sampling, sequence.samplingState);
      const { logProbabilityCount } = sequence.options;
      if (logProbabilityCount !== undefined) {
        const report = reportTokens(logits, id, logProbabilityCount);
        sequence.events.push({ type: "token", id, ...report });
      }
      sequence.append(id);
    } catch (error) {
      if (!isAppError(error)) throw error;
      sequence.fail(error);
    }
    if (sequence.isFinished) this.#remove(sequence);
  }

  #reportPrompt(sequence: Sequence, logits: PassLogits, start: number): void {
    // Row i of a pass foretells the token after it; after the prompt's last there is none to report.
    const following = sequence.options.promptIds.slice(start + 1, start + 1 + logits.count);
    sequence.reportPrompt(following.map((id, row) => logProbabilityOf(logits.at(row).all, id)));
  }
}

/** The temperature for which the graph should sum probabilities up; none for greedy answers. */
function wholeVocabularyTemperature(sampling: SamplingParameters): number | undefined {
  return sampling.temperature > 0 ? sampling.temperature : undefined;
}
