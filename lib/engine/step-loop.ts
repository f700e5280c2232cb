import { AppError, isAppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import { settleWithin } from "@/lib/util/settle-within";
import { KvSlots, type PackedRows } from "./kv-slots";
import type { LogitsWanted, ModelRunner, PassLogits } from "./model-runner";
import { PrefillPace } from "./prefill-pace";
import { reportTokens } from "./sampling/log-probabilities";
import { sampleToken, wantsBlockSums } from "./sampling/sampler";
import type { SamplingParameters } from "./sampling/sampling-parameters";
import { copyLogits, type TokenLogits } from "./sampling/token-logits";
import { Scheduler } from "./scheduler";
import type { Sequence } from "./sequence";

/**
 * Prompts are cut at multiples of this many tokens, whatever the load, so that what a prompt gets
 * depends neither on who else is served nor on what was cached (`kv-slots.ts`). Longer chunks run a
 * little faster (512 instead of 64 tokens: 6 % with int4, 19 % with int8 by rows), but hold up others
 * longer and reuse less.
 */
const CHUNK_TOKENS_DEFAULT = 64;
/** Chunks in one pass for a prompt that has the model to itself, where cutting changes nothing. */
const JOINED_CHUNKS_MAX = 8;
/**
 * What a step gives masks that were not made while the graph ran: they take 0.05 ms as a rule, and a
 * model of a few megabytes is as fast. Who waits longer rests while the others go on.
 */
const MASK_WAIT_MS_MAX = 1;

export type StepLoopOptions = {
  slotCount: number;
  /** Tokens of a whole chunk of a prompt; unless given, 64. */
  chunkTokens?: number | undefined;
  /** Whether the model's numbers are the same wherever a prompt is cut. */
  mayCutAnywhere: boolean;
};

/**
 * The only loop that runs a model. Sequences join and leave between steps. A step is: chunks of
 * prompts as far as `PrefillPace` lets them, then one token for everyone who decodes, in one pass for
 * each adapter in use. A sequence whose mask is late rests, with its logits, until the mask is there: an
 * answer that is held to a grammar keeps nobody else waiting. The loop knows tokens and rows, and
 * neither requests nor templates.
 */
export class StepLoop {
  readonly #runner: ModelRunner;
  readonly #scheduler: Scheduler<Sequence>;
  readonly #slots: KvSlots<Sequence>;
  readonly #chunkTokens: number;
  readonly #mayCutAnywhere: boolean;
  readonly #pace = new PrefillPace();
  /** The loop, while it runs. */
  #running: Promise<void> | undefined;
  /** Who rests, with the logits that its next token is drawn from. */
  readonly #resting = new Map<Sequence, TokenLogits>();
  /** Those of them whose mask has come. */
  #rested: Sequence[] = [];
  #passCount = 0;
  /** While a pass runs nobody may move rows; who leaves meanwhile gives its row back afterwards. */
  #isPassRunning = false;

  constructor(runner: ModelRunner, options: StepLoopOptions) {
    this.#runner = runner;
    this.#chunkTokens = options.chunkTokens ?? CHUNK_TOKENS_DEFAULT;
    this.#mayCutAnywhere = options.mayCutAnywhere;
    this.#scheduler = new Scheduler(options.slotCount);
    this.#slots = new KvSlots(options.slotCount, this.#chunkTokens, runner.cache);
  }

  get runningCount(): number {
    return this.#scheduler.runningCount;
  }

  get waitingCount(): number {
    return this.#scheduler.waitingCount;
  }

  /** Passes of the graph so far. */
  get passCount(): number {
    return this.#passCount;
  }

  get heldSlotCount(): number {
    return this.#slots.heldCount;
  }

  add(sequence: Sequence): void {
    this.#scheduler.add(sequence);
    this.#start();
  }

  /** Takes `sequence` out; nothing happens when it has ended already. */
  abort(sequence: Sequence): void {
    sequence.abort();
    this.#remove(sequence);
  }

  /** Aborts everyone and ends when the pass under way has. */
  async close(): Promise<void> {
    for (const sequence of this.#scheduler.members) this.abort(sequence);
    await this.#running;
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
    this.#runner.cache.poison();
  }

  #remove(sequence: Sequence): void {
    this.#scheduler.remove(sequence);
    this.#resting.delete(sequence);
    if (this.#isPassRunning) return;
    this.#slots.release(sequence);
    // The slot may have gone to somebody who waited while all others rest.
    this.#start();
  }

  get #hasWork(): boolean {
    return this.#scheduler.isAnyoneRunnable || this.#rested.length > 0;
  }

  /** Not at once: whoever calls may be in the middle of something, and a run has to be known before it begins. */
  #start(): void {
    if (this.#running || !this.#hasWork) return;
    this.#running = Promise.resolve().then(() => this.#run());
  }

  /** Steps until there is nothing to do; begun again by the next sequence, or by one that has rested. */
  async #run(): Promise<void> {
    try {
      while (this.#hasWork) await this.#step();
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
      this.#running = undefined;
    }
  }

  async #step(): Promise<void> {
    for (const sequence of this.#rested.splice(0)) this.#awake(sequence);
    while (this.#pace.mayPrefill(this.#scheduler.isAnyoneDecoding)) {
      const sequence = this.#scheduler.nextPrompt();
      if (!sequence) break;
      await this.#prefill(sequence);
    }
    if (this.#scheduler.isAnyoneDecoding) await this.#decode();
  }

  /** Runs the next chunk of a prompt; after the last one its first token is drawn. */
  async #prefill(sequence: Sequence): Promise<void> {
    const { prefillCount } = sequence;
    const { sampling, reportPrompt = false, adapter } = sequence.options;
    if (!this.#slots.holds(sequence)) {
      // What others have made comes without the log-probabilities of its tokens.
      sequence.begin(this.#slots.acquire(sequence, reportPrompt ? 0 : prefillCount - 1));
    }
    const { row, length } = this.#slots.locate(sequence);
    const isAlone = this.#scheduler.runningCount === 1;
    // Logits of every position of eight chunks, asked for or not, are 300 MB for 151,936 tokens.
    const hasFewLogits = this.#runner.signature.hasLogitsPositions && !reportPrompt;
    const mayJoin = isAlone && this.#mayCutAnywhere && hasFewLogits;
    const joined = mayJoin ? this.#pace.countJoined(this.#chunkTokens, JOINED_CHUNKS_MAX) : 1;
    const end = Math.min(prefillCount, length + joined * this.#chunkTokens);
    const ids = sequence.ids.slice(length, end);
    const wanted: LogitsWanted = reportPrompt ? "all" : "last";
    const temperature = summedTemperature(sampling);
    const logits = await this.#pass([sequence], ids.length, () =>
      this.#runner.prefill({ row, start: length, ids, logits: wanted, temperature, adapter }),
    );
    this.#pace.notePrefill(ids.length, logits.durationMs);
    // Aborted while it ran: already out of the scheduler, and its row given back.
    if (sequence.isFinished) return;
    sequence.advancePrompt(ids.length);
    if (reportPrompt) {
      this.#orFail(sequence, () => this.#reportPrompt(sequence, logits, length));
    }
    if (sequence.isFinished || sequence.promptTokensLeft > 0) return;
    this.#slots.pack(sequence);
    this.#scheduler.promote(sequence);
    if (this.#hasAllRun(sequence)) this.#takeOrRest(sequence, logits.at(logits.count - 1));
  }

  /** One token for everyone who decodes, group by group. Rows move meanwhile as sequences leave. */
  async #decode(): Promise<void> {
    for (const { group } of this.#slots.packed) {
      const rows = this.#slots.packed.find((it) => it.group === group);
      if (rows) await this.#decodeRows(rows);
    }
  }

  async #decodeRows({ row, owners }: PackedRows<Sequence>): Promise<void> {
    const logits = await this.#pass(owners, 1, () =>
      this.#runner.decode({
        row,
        ids: owners.map((it) => this.#nextToRun(it)),
        lengths: owners.map((it) => this.#slots.locate(it).length),
        temperatures: owners.map((it) => summedTemperature(it.options.sampling)),
        spareLength: this.#slots.lengthAt(row + owners.length),
        adapter: owners[0]?.options.adapter,
      }),
    );
    this.#pace.noteDecode(logits.durationMs);
    const late: [Sequence, TokenLogits][] = [];
    for (const [index, sequence] of owners.entries()) {
      if (sequence.isFinished || !this.#hasAllRun(sequence)) continue;
      if (sequence.isReadyToDraw) this.#take(sequence, logits.at(index));
      else late.push([sequence, logits.at(index)]);
    }
    if (late.length === 0) return;
    await settleWithin(
      late.map(([sequence]) => sequence.whenReadyToDraw()),
      MASK_WAIT_MS_MAX,
    );
    for (const [sequence, own] of late) {
      if (!sequence.isFinished) this.#takeOrRest(sequence, own);
    }
  }

  #nextToRun(sequence: Sequence): number {
    const id = sequence.ids[this.#slots.locate(sequence).length];
    assert(id !== undefined, "who decodes has a token that has not run");
    return id;
  }

  /** Whether its next token can be drawn: of an answer that is gone on with, the tokens it has may have to run first. */
  #hasAllRun(sequence: Sequence): boolean {
    return this.#slots.locate(sequence).length === sequence.ids.length;
  }

  /** A mask that was there can be gone again: its thread may have ended since. */
  #takeOrRest(sequence: Sequence, logits: TokenLogits): void {
    if (sequence.isReadyToDraw) this.#take(sequence, logits);
    else this.#rest(sequence, logits);
  }

  /** Takes it out of the steps until its mask is there. */
  #rest(sequence: Sequence, logits: TokenLogits): void {
    this.#slots.unpack(sequence);
    this.#scheduler.park(sequence);
    this.#resting.set(sequence, copyLogits(logits));
    void sequence.whenReadyToDraw().then(
      () => {
        this.#rested.push(sequence);
        this.#start();
      },
      (error) => {
        if (sequence.isFinished) return;
        sequence.fail(error);
        this.#remove(sequence);
      },
    );
  }

  /** Between passes, since rows move. */
  #awake(sequence: Sequence): void {
    const logits = this.#resting.get(sequence);
    if (sequence.isFinished || !logits) return;
    this.#resting.delete(sequence);
    this.#slots.pack(sequence);
    this.#scheduler.resume(sequence);
    this.#takeOrRest(sequence, logits);
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
      this.#passCount++;
      for (const sequence of sequences) this.#slots.advance(sequence, tokenCount);
      return logits;
    } finally {
      this.#isPassRunning = false;
      for (const it of this.#slots.owners) if (it.isFinished) this.#slots.release(it);
    }
  }

  /** Draws the sequence's next token, or ends it when its grammar has nothing more to say. */
  #take(sequence: Sequence, logits: TokenLogits): void {
    this.#orFail(sequence, () => {
      if (sequence.endIfComplete()) return;
      const id = sampleToken(logits, sequence.options.sampling, sequence.samplingState);
      const { logProbabilityCount } = sequence.options;
      if (logProbabilityCount !== undefined) {
        const report = reportTokens(logits, id, logProbabilityCount);
        sequence.events.push({ type: "token", id, ...report });
      }
      sequence.append(id);
    });
    if (sequence.isFinished) this.#remove(sequence);
  }

  /** What goes wrong with one sequence's numbers is that request's alone. */
  #orFail(sequence: Sequence, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isAppError(error)) throw error;
      sequence.fail(error);
      this.#remove(sequence);
    }
  }

  /** Tells the tokens that a pass from `start` on has shown to be likely or not. */
  #reportPrompt(sequence: Sequence, logits: PassLogits, start: number): void {
    const { promptIds, logProbabilityCount = 0 } = sequence.options;
    // A prompt has a token.
    const first = { id: promptIds[0] as number, logProbability: undefined, alternatives: [] };
    // Row i of a pass foretells the token after it; after the prompt's last there is none to report.
    const following = promptIds.slice(start + 1, start + 1 + logits.count);
    const tokens = following.map((id, row) => ({
      id,
      ...reportTokens(logits.at(row), id, logProbabilityCount),
    }));
    sequence.reportPrompt(start === 0 ? [first, ...tokens] : tokens);
  }
}

/** The temperature at which the graph is to sum probabilities up; none where no draw looks at them. */
function summedTemperature(sampling: SamplingParameters): number | undefined {
  return wantsBlockSums(sampling) ? sampling.temperature : undefined;
}
