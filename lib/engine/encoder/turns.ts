/** Work on a thread that others need goes on for so long before they get a turn. */
const TURN_MS_MAX = 20;

/** One request's work, done in turns. */
export class Turns {
  readonly #signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * To be awaited between two parts of the work: lets others have the thread when it is time, also the
   * message that nobody waits for this request any more.
   *
   * @throws the signal's reason when it has aborted.
   */
  async next(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() - this.#since < TURN_MS_MAX) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
    this.#signal.throwIfAborted();
  }

  /** One value after the other, with turns between them. */
  async map<In, Out>(
    values: readonly In[],
    work: (value: In, index: number) => Promise<Out>,
  ): Promise<Out[]> {
    const done: Out[] = [];
    for (const [index, value] of values.entries()) {
      await this.next();
      done.push(await work(value, index));
    }
    return done;
  }
}
