import { AppError } from "@/lib/errors";

/**
 * One call of a module: left by its caller, by silence, or when enough was said. The module hears of it by the
 * signal, and whoever waits for it is let go at once, whether the module listens or not.
 */
export class ModuleCall {
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #silence: NodeJS.Timeout;
  #leave: ((reason: unknown) => void) | undefined;

  constructor(outer: AbortSignal, silenceMsMax: number) {
    this.#outer = outer;
    this.#silence = setTimeout(() => this.#end(silent(silenceMsMax)), silenceMsMax);
    outer.addEventListener("abort", this.#onOuter, { once: true });
    if (outer.aborted) this.#onOuter();
  }

  /** For the module. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What `work` gives, unless the call is left before. One at a time: a race for each piece costs a promise. */
  until<T>(work: T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason);
      this.#leave = reject;
      Promise.resolve(work).then((value) => {
        this.#silence.refresh();
        resolve(value);
      }, reject);
    });
  }

  /** It is over: the module has said all. */
  settle(): void {
    clearTimeout(this.#silence);
    this.#outer.removeEventListener("abort", this.#onOuter);
  }

  /** Nothing more is wanted of it. */
  close(): void {
    this.settle();
    this.#end(new AppError("client-closed", { message: "The answer is no longer wanted." }));
  }

  readonly #onOuter = () => this.#end(this.#outer.reason);

  #end(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#abort.abort(reason);
    this.#leave?.(reason);
  }
}

function silent(ms: number): AppError {
  const message = `The module behind this model has said nothing for ${ms / 1_000} s.`;
  return new AppError("timeout", { message });
}
