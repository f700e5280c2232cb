import { AppError } from "@/lib/errors";
import {
  ENCODER_REQUESTS_MAX,
  ENCODER_WAITING_TOKENS_MAX,
  OVERLOADED_RETRY_AFTER_SECONDS,
} from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import { PASS_TOKENS_MAX, planPass } from "./plan-pass";
import type { EncodedText } from "./special-tokens";
import { WaitingTexts } from "./waiting-texts";

export type EncoderLoopOptions = {
  /** One pass: a result a text, in their order. */
  run: (texts: readonly EncodedText[]) => Promise<Float64Array[]>;
  /** Ends the pass under way before its time; it may reject then. */
  stop?: () => void;
  /** 1 where a text's numbers would depend on those that share its pass. */
  rowsMax?: number;
  /** Tokens of a row for a text of so many; unless given, as many. */
  rowLengthOf?: (tokenCount: number) => number;
  /** Whether only rows of one length may share a pass. */
  mayMixLengths?: boolean;
};

/** One request's texts. */
type Job = {
  results: (Float64Array | undefined)[];
  waiting: Set<Item>;
  /** Those in the pass under way. */
  runningCount: number;
  /** Tokens that were run for it, and what others had been given when it came. */
  served: number;
  tokensLeft: number;
  /** A pass with it and others has failed: from then on its texts share passes with nobody's. */
  isApart: boolean;
  resolve: (results: Float64Array[]) => void;
  reject: (reason: unknown) => void;
};

type Item = { job: Job; index: number; text: EncodedText; length: number };

/**
 * The only loop that runs a graph that reads. The texts of all requests wait together and run with those
 * of similar length, whoever asked; the next pass begins with the longest text of the request that was
 * given the least so far, so that one text does not wait for two thousand. Between two passes requests
 * come and go.
 */
export class EncoderLoop {
  readonly #options: EncoderLoopOptions;
  readonly #jobs = new Set<Job>();
  readonly #waiting = new WaitingTexts<Item>();
  /**
   * Tokens that a request would have been given that has been here all along: each pass adds its tokens
   * over the requests there are. Who comes begins with that: with less, one who comes later would go
   * before all others until it had caught up, and one after the other would starve who has waited.
   */
  #fairShare = 0;
  #running: Promise<void> | undefined;
  #closedBy: AppError | undefined;

  constructor(options: EncoderLoopOptions) {
    this.#options = options;
  }

  /** Requests under way. */
  get jobCount(): number {
    return this.#jobs.size;
  }

  /**
   * A result for each text, in their order. On abort it rejects at once with the signal's reason, and
   * none of its texts begins any more.
   *
   * @throws AppError `overloaded` when too much waits already; what a pass throws.
   */
  run(texts: readonly EncodedText[], signal: AbortSignal): Promise<Float64Array[]> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#closedBy) return Promise.reject(this.#closedBy);
    if (texts.length === 0) return Promise.resolve([]);
    const tokenCount = texts.reduce((sum, it) => sum + it.ids.length, 0);
    const isFull = this.#waiting.tokenCount + tokenCount > ENCODER_WAITING_TOKENS_MAX;
    // Whoever comes first is let in, however much it is: it waits for nobody.
    if (this.#jobs.size > 0 && (isFull || this.#jobs.size >= ENCODER_REQUESTS_MAX)) {
      return Promise.reject(this.#overloaded());
    }
    return new Promise((resolve, reject) => {
      const job = this.#add(texts, tokenCount, {
        resolve: (results) => {
          signal.removeEventListener("abort", abort);
          resolve(results);
        },
        reject: (reason) => {
          signal.removeEventListener("abort", abort);
          reject(reason);
        },
      });
      const abort = () => this.#drop(job, signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      this.#running ??= this.#runAll();
    });
  }

  /** Ends everyone's wait and resolves when the pass under way has ended. */
  async close(): Promise<void> {
    const message = "The model is being shut down. Try again; another worker answers.";
    this.#closedBy = new AppError("worker-lost", { message });
    for (const job of [...this.#jobs]) this.#drop(job, this.#closedBy);
    await this.#running;
  }

  #add(
    texts: readonly EncodedText[],
    tokensLeft: number,
    settle: Pick<Job, "resolve" | "reject">,
  ): Job {
    const job: Job = {
      results: texts.map(() => undefined),
      waiting: new Set(),
      runningCount: 0,
      served: this.#fairShare,
      tokensLeft,
      isApart: false,
      ...settle,
    };
    for (const [index, text] of texts.entries()) {
      assert(text.ids.length > 0, "a text has a token");
      const length = this.#options.rowLengthOf?.(text.ids.length) ?? text.ids.length;
      const item = { job, index, text, length };
      job.waiting.add(item);
      this.#waiting.add(item);
    }
    this.#jobs.add(job);
    return job;
  }

  #drop(job: Job, reason: unknown): void {
    if (!this.#jobs.delete(job)) return;
    for (const item of job.waiting) this.#waiting.delete(item);
    job.waiting.clear();
    job.reject(reason);
    const isAnyoneInPass = [...this.#jobs].some((it) => it.runningCount > 0);
    if (job.runningCount > 0 && !isAnyoneInPass) this.#options.stop?.();
  }

  async #runAll(): Promise<void> {
    try {
      for (let next = this.#pickNext(); next; next = this.#pickNext()) {
        await this.#runPass(next);
        // A graph that holds this thread while it runs lets messages in here.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.#running = undefined;
    }
  }

  /** The texts of the next pass; undefined when nothing waits. */
  #pickNext(): Item[] | undefined {
    let next: Job | undefined;
    for (const job of this.#jobs) {
      if (job.waiting.size === 0) continue;
      const isEarlier =
        next === undefined ||
        job.served < next.served ||
        (job.served === next.served && job.tokensLeft < next.tokensLeft);
      if (isEarlier) next = job;
    }
    if (!next) return undefined;
    let longest: Item | undefined;
    for (const item of next.waiting) {
      if (longest === undefined || item.length > longest.length) longest = item;
    }
    assert(longest, "a job that waits has a text");
    const { mayMixLengths = true } = this.#options;
    const { length } = longest;
    const listed = this.#waiting
      .listFrom(longest, PASS_TOKENS_MAX)
      .filter(({ job }) => job === next || !(job.isApart || next.isApart));
    const near = mayMixLengths ? listed : listed.filter((it) => it.length === length);
    const lengths = near.map((it) => it.length);
    return near.slice(0, planPass(lengths, this.#options.rowsMax));
  }

  async #runPass(items: readonly Item[]): Promise<void> {
    const length = items[0]?.length ?? 0;
    this.#fairShare += (length * items.length) / this.#jobs.size;
    for (const item of items) {
      this.#waiting.delete(item);
      item.job.waiting.delete(item);
      item.job.runningCount += 1;
      item.job.served += length;
      item.job.tokensLeft -= item.text.ids.length;
    }
    let results: Float64Array[];
    try {
      results = await this.#options.run(items.map((it) => it.text));
    } catch (error) {
      this.#fail(items, error);
      return;
    }
    for (const [row, { job, index }] of items.entries()) {
      job.results[index] = results[row];
      job.runningCount -= 1;
      if (job.waiting.size > 0 || job.runningCount > 0) continue;
      // Aborted while its last pass ran: nobody waits for the results.
      if (!this.#jobs.delete(job)) continue;
      job.resolve(job.results.filter((it) => it !== undefined));
    }
  }

  /**
   * Who was alone in the pass hears of it. Of several it can be one whose text the graph cannot read (an
   * id beyond its table, say): each of them tries once more by itself. The others go on.
   */
  #fail(items: readonly Item[], error: unknown): void {
    const present = items.filter((it) => this.#jobs.has(it.job));
    const jobs = new Set(present.map((it) => it.job));
    const isShared = new Set(items.map((it) => it.job)).size > 1;
    for (const job of jobs) {
      if (isShared) job.isApart = true;
      else this.#drop(job, error);
    }
    if (!isShared) return;
    for (const item of present) {
      item.job.runningCount -= 1;
      item.job.tokensLeft += item.text.ids.length;
      item.job.waiting.add(item);
      this.#waiting.add(item);
    }
  }

  #overloaded(): AppError {
    return new AppError("overloaded", {
      message: "Too much text already waits for this model. Try again in a moment.",
      retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
    });
  }
}
