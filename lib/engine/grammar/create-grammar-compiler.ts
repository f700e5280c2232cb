import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { AppError } from "@/lib/errors";
import {
  GRAMMAR_CHARACTERS_MAX,
  GRAMMAR_COMPILES_WAITING_MAX,
  GRAMMAR_HEAP_MIB_MAX,
  GRAMMAR_JOB_MS_MAX,
  GRAMMAR_STRUCTURE_CHARACTERS_MAX,
  GRAMMAR_WAIT_MS_MAX,
  OVERLOADED_RETRY_AFTER_SECONDS,
} from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import type { GrammarCompiler, GrammarMatcher, GrammarSpec } from "./grammar";
import {
  fromGrammarFailure,
  type GrammarThreadData,
  type MessageFromGrammar,
  type MessageToGrammar,
} from "./grammar-messages";
import { refuse } from "./refusal";
import { ThreadMatcher } from "./thread-matcher";
import { orAborted, Turns } from "./turns";
import type { TokenTable } from "./vocabulary-trie";

export type GrammarCompilerOptions = {
  /** Logits of the graph: ids 0 to this − 1 get a bit. */
  vocabularySize: number;
  /** What an id writes; undefined or empty: no mask ever allows it. Asked once for each id, at first use. */
  bytesOf: (id: number) => Uint8Array | undefined;
  /** The bundle of grammar-thread.ts. */
  threadUrl: URL;
};

/** Grammars for one model. Nothing is started before the first is compiled. */
export function createGrammarCompiler(options: GrammarCompilerOptions): GrammarCompiler {
  return new ThreadCompiler(options);
}

/** How often the thread is looked at; the limit it is held to is ten times that. */
const WATCH_INTERVAL_MS = GRAMMAR_JOB_MS_MAX / 10;

/**
 * The engine's side of a grammar thread. The thread does one thing after the other and replies to each,
 * so that the first of `#jobs` is what it is at. When it ends, or is at one thing for too long, another
 * takes its place and is given all open answers with the tokens they have so far.
 */
class ThreadCompiler implements GrammarCompiler {
  readonly #options: GrammarCompilerOptions;
  readonly #matchers = new Map<number, ThreadMatcher>();
  #thread: Worker | undefined;
  #table: Promise<TokenTable> | undefined;
  #watch: NodeJS.Timeout | undefined;
  /** Whose reply is awaited, in order. */
  #jobs: number[] = [];
  #jobSince = 0;
  /** One grammar is read at a time, with masks for the answers under way between two of them. */
  readonly #turns = new Turns();
  /** Whose grammar it is. */
  #openingId: number | undefined;
  #waitingCount = 0;
  #matcherCount = 0;
  #isClosed = false;

  constructor(options: GrammarCompilerOptions) {
    this.#options = options;
  }

  async compile(
    spec: GrammarSpec,
    endTokenIds: readonly number[],
    signal: AbortSignal,
    accepted: readonly number[] = [],
  ): Promise<GrammarMatcher> {
    signal.throwIfAborted();
    if (this.#isClosed) throw stopped();
    for (const id of endTokenIds) {
      assert(id >= 0 && id < this.#options.vocabularySize, "an end token is one of the vocabulary");
    }
    if (this.#waitingCount >= GRAMMAR_COMPILES_WAITING_MAX) throw overloaded();
    const matcher = new ThreadMatcher({
      matcherId: this.#matcherCount++,
      spec: toText(spec),
      ...{ endTokenIds, accepted },
      vocabularySize: this.#options.vocabularySize,
      post: (message) => this.#post(message),
    });
    this.#waitingCount++;
    try {
      this.#table ??= toTable(this.#options);
      const table = await this.#table;
      await this.#open(matcher, { table }, signal);
      return matcher;
    } catch (error) {
      matcher.close();
      throw error;
    } finally {
      this.#waitingCount--;
    }
  }

  /** In its turn, waits for its first mask, the signal or the limit. */
  async #open(matcher: ThreadMatcher, data: GrammarThreadData, signal: AbortSignal): Promise<void> {
    const late = AbortSignal.timeout(GRAMMAR_WAIT_MS_MAX);
    const either = AbortSignal.any([signal, late]);
    try {
      await this.#turns.take(either);
      if (this.#isClosed) throw stopped();
      this.#openingId = matcher.matcherId;
      this.#matchers.set(matcher.matcherId, matcher);
      this.#start(data);
      this.#post(matcher.toOpen());
      await orAborted(matcher.whenReady(), either);
    } catch (error) {
      if (signal.aborted || !late.aborted) throw error;
      // Whoever is still behind others is not the one that takes long.
      throw this.#jobs[0] === matcher.matcherId ? tooSlow() : overloaded();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turns.close();
    clearInterval(this.#watch);
    const thread = this.#thread;
    this.#thread = undefined;
    for (const matcher of this.#matchers.values()) matcher.fail(stopped());
    this.#matchers.clear();
    await thread?.terminate();
  }

  #start(data: GrammarThreadData): void {
    if (this.#thread) return;
    const thread = new Worker(this.#options.threadUrl, {
      workerData: data,
      name: "grammars",
      resourceLimits: { maxOldGenerationSizeMb: GRAMMAR_HEAP_MIB_MAX },
    });
    this.#thread = thread;
    this.#jobs = [];
    let cause: unknown;
    thread.on("message", (message: MessageFromGrammar) => this.#receive(thread, message));
    thread.on("error", (error) => {
      cause = error;
    });
    thread.on("exit", (code) => {
      this.#lose(thread, data, cause ?? new Error(`The grammar thread ended with code ${code}.`));
    });
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#expectProgress(thread, data), WATCH_INTERVAL_MS).unref();
  }

  #post(message: MessageToGrammar): void {
    if (message.type === "close") this.#matchers.delete(message.matcherId);
    if (!this.#thread) return;
    if (message.type !== "close") {
      if (this.#jobs.length === 0) this.#jobSince = performance.now();
      this.#jobs.push(message.matcherId);
    }
    this.#thread.postMessage(message);
  }

  #receive(thread: Worker, message: MessageFromGrammar): void {
    // A thread that was ended may have had a last word under way.
    if (thread !== this.#thread) return;
    assert(this.#jobs.shift() === message.matcherId, "replies come in the order of what was asked");
    const now = performance.now();
    if (message.matcherId === this.#openingId) this.#endTurn(now - this.#jobSince);
    this.#jobSince = now;
    const matcher = this.#matchers.get(message.matcherId);
    if (!matcher || message.type === "skipped") return;
    if (message.type === "failure") {
      this.#matchers.delete(message.matcherId);
      matcher.fail(fromGrammarFailure(message.failure));
    } else {
      matcher.take(message.acceptedCount, message.isComplete);
    }
  }

  #expectProgress(thread: Worker, data: GrammarThreadData): void {
    const [matcherId] = this.#jobs;
    if (thread !== this.#thread || matcherId === undefined) return;
    if (performance.now() - this.#jobSince < GRAMMAR_JOB_MS_MAX) return;
    this.#fail(matcherId, tooSlow());
    this.#lose(thread, data, undefined);
    void thread.terminate();
  }

  /** Goes on in another thread. What a thread was at when it ended by itself is tried once more, and then given up. */
  #lose(thread: Worker, data: GrammarThreadData, cause: unknown): void {
    if (thread !== this.#thread) return;
    const culprit = this.#matchers.get(this.#jobs[0] ?? -1);
    this.#thread = undefined;
    this.#jobs = [];
    this.#endTurn(0);
    if (culprit && cause !== undefined && ++culprit.lossCount > 1) {
      this.#fail(culprit.matcherId, lost(cause));
    }
    if (this.#matchers.size === 0) return;
    this.#start(data);
    for (const matcher of this.#matchers.values()) this.#post(matcher.toOpen());
  }

  #endTurn(tookMs: number): void {
    const isAlone = [...this.#matchers.keys()].every((id) => id === this.#openingId);
    this.#openingId = undefined;
    // A pause is for the masks of others; where there are none, the next grammar need not wait.
    this.#turns.end(isAlone ? 0 : tookMs);
  }

  #fail(matcherId: number, error: AppError): void {
    this.#matchers.get(matcherId)?.fail(error);
    this.#matchers.delete(matcherId);
  }
}

/** The grammar as text, by which it is known. */
function toText(spec: GrammarSpec): string {
  const isWhole = spec.type === "structure" || spec.type === "choice";
  const charactersMax = isWhole ? GRAMMAR_STRUCTURE_CHARACTERS_MAX : GRAMMAR_CHARACTERS_MAX;
  let text: string;
  try {
    text = JSON.stringify(spec);
  } catch (cause) {
    throw refuse("The grammar is nested too deep to be read.", cause);
  }
  if (text.length <= charactersMax) return text;
  throw refuse(
    `The grammar has ${text.length} characters as JSON, more than the ${charactersMax} that are taken. Leave out descriptions, or share parts with $defs.`,
  );
}

/** Ids asked for before the engine's thread is given back for a moment: some 2 ms. All of 152,000 take 60. */
const IDS_AT_ONCE = 4_096;

async function toTable({ vocabularySize, bytesOf }: GrammarCompilerOptions): Promise<TokenTable> {
  const tokens: (Uint8Array | undefined)[] = [];
  let byteCount = 0;
  for (let id = 0; id < vocabularySize; id++) {
    const token = bytesOf(id);
    byteCount += token?.length ?? 0;
    tokens.push(token);
    if (id % IDS_AT_ONCE === IDS_AT_ONCE - 1) await setImmediate();
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(byteCount));
  const offsets = new Uint32Array(
    new SharedArrayBuffer((vocabularySize + 1) * Uint32Array.BYTES_PER_ELEMENT),
  );
  let at = 0;
  for (const [id, token] of tokens.entries()) {
    if (token) bytes.set(token, at);
    at += token?.length ?? 0;
    offsets[id + 1] = at;
    if (id % IDS_AT_ONCE === IDS_AT_ONCE - 1) await setImmediate();
  }
  return { bytes, offsets };
}

function overloaded(): AppError {
  return new AppError("overloaded", {
    message: "Too many grammars are waiting to be read. Try again in a few seconds.",
    retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
  });
}

function tooSlow(): AppError {
  return new AppError("timeout", {
    message: "The grammar took too long to be read. Take a simpler one, or try again.",
    param: "grammar",
  });
}

function stopped(): AppError {
  return new AppError("worker-lost", {
    message: "The model was stopped before the answer was finished. Try again.",
  });
}

function lost(cause: unknown): AppError {
  return new AppError("internal", {
    message: "The grammar could not be kept to: what reads it failed twice.",
    param: "grammar",
    cause,
  });
}
