import { type AppError, type ErrorCode, toAppError } from "@/lib/errors";
import type { Log } from "@/lib/telemetry/log";
import { UPSTREAM_LOOKS_MISSED_MAX, UPSTREAM_WATCH_INTERVAL_MS } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { isCertificateCode, transportCode } from "../upstream-error";
import { toOffer, type WireModel } from "./wire-model";

export type ModelWatchOptions = {
  look(signal: AbortSignal): Promise<WireModel[]>;
  log: Log;
  watchIntervalMs?: number;
};

/** What a server serves, looked at again and again; none while it is away. */
export class ModelWatch {
  models: readonly WireModel[] = [];
  /** Looks that the server has answered. */
  answered = 0;
  /** Told of every change after the beginning. */
  onChange: (() => void) | undefined;
  readonly #options: ModelWatchOptions;
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #missed = 0;
  /** What is said once and not at every look. */
  #complaint: string | undefined;

  constructor(options: ModelWatchOptions) {
    this.#options = options;
  }

  /**
   * The first look. A server that is away may come; one that refuses needs a person.
   *
   * @throws StartError
   */
  async begin(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", this.#onAbort, { once: true });
    try {
      this.models = await this.#options.look(this.#end.signal);
    } catch (error) {
      if (error instanceof StartError) throw error;
      const refusal = toAppError(error);
      if (refusal.code === "unavailable" || refusal.code === "not-found") {
        throw new StartError({
          message: causeOf(refusal),
          remedy: isCertificateCode(transportCode(error))
            ? "Name its authority's certificate with NODE_EXTRA_CA_CERTS=<file.pem>."
            : "Name the variable that holds the server's key with --api-key-env, and see to other headers that it wants.",
          cause: error,
        });
      }
      this.#miss(refusal);
    } finally {
      signal.removeEventListener("abort", this.#onAbort);
    }
    this.#plan();
  }

  /** Looks at once: something says that it is not as it was. */
  nudge(): void {
    if (this.#looking || this.#end.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#look();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#end.abort();
    await this.#looking;
  }

  readonly #onAbort = () => this.#end.abort();

  #plan(): void {
    if (this.#end.signal.aborted) return;
    const { watchIntervalMs = UPSTREAM_WATCH_INTERVAL_MS } = this.#options;
    this.#timer = setTimeout(() => this.#look(), watchIntervalMs);
    // Nobody lives on for a look alone.
    this.#timer.unref();
  }

  #look(): void {
    this.#looking = this.#lookOnce().finally(() => {
      this.#looking = undefined;
      this.#plan();
    });
  }

  async #lookOnce(): Promise<void> {
    try {
      const models = await this.#options.look(this.#end.signal);
      if (this.#complaint) this.#options.log.info("the upstream is back");
      this.answered += 1;
      this.#missed = 0;
      this.#complaint = undefined;
      this.#take(models);
    } catch (error) {
      if (!this.#end.signal.aborted) this.#miss(toAppError(error));
    }
  }

  #miss(error: AppError): void {
    // Who has too much to do is there.
    if (this.models.length > 0 && BUSY.has(error.code)) return;
    this.#missed += 1;
    const mayPass = this.models.length > 0 && PASSING.has(error.code);
    if (mayPass && this.#missed < UPSTREAM_LOOKS_MISSED_MAX) return;
    const why = causeOf(error);
    if (why !== this.#complaint) {
      this.#complaint = why;
      this.#options.log.warn({ code: error.code }, `the upstream is away: ${why}`);
    }
    this.#take([]);
  }

  #take(models: readonly WireModel[]): void {
    const before = JSON.stringify(this.models.map(toOffer));
    this.models = models;
    if (JSON.stringify(models.map(toOffer)) === before) return;
    const names = models.map(({ name }) => name);
    this.#options.log.info({ models: names }, "the upstream serves other models");
    this.onChange?.();
  }
}

const BUSY = new Set<ErrorCode>(["rate-limited", "overloaded"]);
/** One look that is not answered, or answered with a failure, takes no models away. */
const PASSING = new Set<ErrorCode>(["timeout", "upstream-invalid"]);

/** For an operator: the upstream's own words, or the code of a broken connection. */
function causeOf(error: AppError): string {
  const { cause } = error;
  const code = transportCode(cause);
  if (code !== "") return `${error.message} (${code})`;
  return cause instanceof Error ? `${error.message} ${cause.message}` : error.message;
}
