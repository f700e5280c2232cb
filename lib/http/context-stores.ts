import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";

/** A page's last work may follow its answer: what Next remembers of it is let go this long after. */
const REST_AFTER_MS = 1_000;

/**
 * Puts Next's stores of context to rest while no page is being answered. Once a store of AsyncLocalStorage has
 * run anything, Node 20 calls a hook for every promise and every socket of the process, for ever, until it is
 * told to stop: with one page looked at, every later request of a program took 1.29 times the processor time
 * (95 % of 300 resamplings within 1.14 to 1.50). A store that is at rest wakes by its next use.
 */
export class ContextStores {
  readonly #used = new Set<AsyncLocalStorage<unknown>>();
  #pages = 0;
  #timer: NodeJS.Timeout | undefined;

  /** From here on stores are noted as they are used. */
  watch(): void {
    const used = this.#used;
    const { run, enterWith } = AsyncLocalStorage.prototype;
    AsyncLocalStorage.prototype.run = function note(
      this: AsyncLocalStorage<unknown>,
      ...words: unknown[]
    ) {
      used.add(this);
      // With the very words that its caller gave.
      return Reflect.apply(run, this, words);
    } as typeof run;
    AsyncLocalStorage.prototype.enterWith = function note(store) {
      used.add(this);
      enterWith.call(this, store);
    };
  }

  /**
   * A page is being answered, until its answer is closed and the work on it done, whichever is later: who
   * leaves a page early does not end it.
   *
   * @param work never rejects.
   */
  hold(outgoing: ServerResponse, work: Promise<void>): void {
    this.#pages += 1;
    clearTimeout(this.#timer);
    const release = () => void work.then(() => this.#release());
    // One whose reader left before its turn came closes no second time.
    if (outgoing.closed) release();
    else outgoing.once("close", release);
  }

  #release(): void {
    this.#pages -= 1;
    if (this.#pages === 0) this.#timer = setTimeout(() => this.#rest(), REST_AFTER_MS).unref();
  }

  #rest(): void {
    for (const store of this.#used) store.disable();
    this.#used.clear();
  }
}
