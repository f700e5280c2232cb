import type { AppError } from "@/lib/errors";
import { assert } from "@/lib/util/assert";
import type { GrammarMatcher, TokenMask } from "./grammar";
import type { MessageToGrammar } from "./grammar-messages";

export type ThreadMatcherOptions = {
  matcherId: number;
  spec: string;
  endTokenIds: readonly number[];
  /** What the answer has already. */
  accepted: readonly number[];
  vocabularySize: number;
  post: (message: MessageToGrammar) => void;
};

type Waiter = { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void };

const READY = Promise.resolve();

/** One answer, where the model runs: its mask lies in memory that the grammar thread writes to. */
export class ThreadMatcher implements GrammarMatcher {
  readonly matcherId: number;
  /** Threads that ended while they were at this answer's next mask. */
  lossCount = 0;
  isComplete = false;
  mask: TokenMask | undefined;
  readonly #options: ThreadMatcherOptions;
  readonly #buffer: SharedArrayBuffer;
  readonly #view: Int32Array;
  /** What another thread needs to take over. */
  readonly #accepted: number[];
  #waiter: Waiter | undefined;
  #error: AppError | undefined;
  #isClosed = false;

  constructor(options: ThreadMatcherOptions) {
    this.matcherId = options.matcherId;
    this.#options = options;
    this.#accepted = [...options.accepted];
    const wordCount = Math.ceil(options.vocabularySize / 32);
    this.#buffer = new SharedArrayBuffer((1 + wordCount) * Int32Array.BYTES_PER_ELEMENT);
    this.#view = new Int32Array(this.#buffer, Int32Array.BYTES_PER_ELEMENT);
  }

  toOpen(): MessageToGrammar {
    const { matcherId, spec, endTokenIds } = this.#options;
    const accepted = [...this.#accepted];
    return { type: "open", matcherId, spec, endTokenIds, buffer: this.#buffer, accepted };
  }

  whenReady(): Promise<void> {
    if (this.#error) return Promise.reject(this.#error);
    if (this.mask || this.isComplete) return READY;
    if (!this.#waiter) {
      let resolve = () => {};
      let reject: Waiter["reject"] = () => {};
      const promise = new Promise<void>((onReady, onFailure) => {
        resolve = onReady;
        reject = onFailure;
      });
      // Whoever asked and left is owed nothing.
      promise.catch(() => {});
      this.#waiter = { promise, resolve, reject };
    }
    return this.#waiter.promise;
  }

  accept(id: number): void {
    const { mask } = this;
    assert(mask && !this.#isClosed, "a token is accepted while there is a mask");
    assert(((mask[id >> 5] ?? 0) >>> (id & 31)) & 1, "an accepted token is one of the mask");
    this.mask = undefined;
    this.isComplete = false;
    this.#accepted.push(id);
    this.#options.post({ type: "accept", matcherId: this.matcherId, id });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.mask = undefined;
    this.#waiter = undefined;
    // Seen by the thread before it comes to the message, which may be behind others.
    Atomics.store(new Int32Array(this.#buffer, 0, 1), 0, 1);
    this.#options.post({ type: "close", matcherId: this.matcherId });
  }

  /** The thread has written the mask after so many tokens; of an earlier one when another thread took over. */
  take(acceptedCount: number, isComplete: boolean): void {
    if (acceptedCount !== this.#accepted.length || this.#isClosed) return;
    this.mask = this.#view;
    // Only losses without a mask between them speak against this answer.
    this.lossCount = 0;
    this.isComplete = isComplete;
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  fail(error: AppError): void {
    this.#error = error;
    this.mask = undefined;
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}
