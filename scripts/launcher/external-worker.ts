import { Supervised, type SupervisedOptions } from "./supervised";

/**
 * The worker of the external models that the platform keeps: a process while there are any, and none
 * otherwise, since it takes some 100 MB.
 */
export class ExternalWorker {
  readonly #options: SupervisedOptions;
  #child: Supervised | undefined;
  #isWanted = false;
  #isStopped = false;
  #changing = Promise.resolve();

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  get child(): Supervised | undefined {
    return this.#child;
  }

  /** One change after the other: a worker that is still draining is not started beside itself. */
  want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.#changing = this.#changing.then(() => this.#change());
  }

  /** For good. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.want(false);
    await this.#changing;
  }

  async #change(): Promise<void> {
    if (this.#isWanted && !this.#isStopped && this.#child === undefined) {
      this.#child = new Supervised(this.#options);
      this.#child.start();
    } else if (!this.#isWanted && this.#child !== undefined) {
      await this.#child.stop();
      this.#child = undefined;
      this.#options.onStart();
    }
  }
}
