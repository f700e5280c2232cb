import { type AppError, isAppError } from "@/lib/errors";
import { REGISTER_RETRY_LONGEST_MS } from "@/lib/fleet-limits";
import type { Log } from "@/lib/telemetry/log";
import { backoffMs } from "@/lib/util/backoff";
import { StartError } from "@/lib/util/start-error";
import { wait } from "@/lib/util/wait";
import type { ControllerClient } from "./controller-client";
import type { HeartbeatReply, RegisterBody, WorkerLoad } from "./registration";

/**
 * The beat, and what to do when the controller has forgotten us or is away: ask again quickly, so that
 * a web process that was restarted sees its workers at once.
 */

/** The part of the client that a beat needs. */
export type Controller = Pick<ControllerClient, "url" | "register" | "heartbeat" | "leave">;

export type HeartbeatOptions = {
  controller: Controller;
  /** What to register with, but for the load; asked at each registration. */
  registration: () => Omit<RegisterBody, "load">;
  load: () => WorkerLoad;
  log: Log;
  onRegistered?: (workerId: string) => void;
  /** Told with what the web calls a worker that registered by a token of its own, whenever the web says it. */
  onCallSecret?: (secret: string) => void;
  /** Told what an operator wants, when that changes; undefined when an order was lifted. */
  onOrder?: (order: WorkerOrder | undefined) => void;
  /** Time, for tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type WorkerOrder = NonNullable<HeartbeatReply["order"]>;

/**
 * A registration that is under way when its worker ends is not broken off, since the controller may have
 * written it by then: cut in the middle, it would leave a worker to be missed that never served. The
 * client bounds it, as it does every call.
 */
const TO_ITS_END = new AbortController().signal;

const RETRY = { firstMs: 100, longestMs: REGISTER_RETRY_LONGEST_MS };
/** A worker that was never accepted will not be by asking again: a person must act. */
const HOPELESS: ReadonlySet<string> = new Set(["unauthenticated", "forbidden", "invalid-request"]);

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #wait: (ms: number, signal: AbortSignal) => Promise<void>;
  #workerId: string | undefined;
  /** Which life is registered: it alone may be said good-bye for. */
  #instanceId = "";
  #order: WorkerOrder | undefined;
  #wasAccepted = false;
  #hasChanged = false;
  #nudge = new AbortController();

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#wait = options.wait ?? wait;
  }

  /**
   * Registers and beats until `signal` aborts.
   *
   * @throws StartError when the first registration is refused for a reason that retries cannot mend, or any
   * as a `conflict`; its cause is the refusal.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) await this.#beat(await this.#register(signal), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Beats now instead of when the interval is over: what changed is worth telling at once. */
  nudge(): void {
    this.#nudge.abort();
  }

  /** Registers anew at once: what was registered with is no longer true. */
  registerAgain(): void {
    this.#hasChanged = true;
    this.nudge();
  }

  /** Says good-bye if the controller knows us. @throws AppError */
  async leave(signal: AbortSignal): Promise<void> {
    if (this.#workerId === undefined) return;
    await this.#options.controller.leave(this.#workerId, this.#instanceId, signal);
    this.#workerId = undefined;
  }

  /** Resolves with the interval to beat at. */
  async #register(signal: AbortSignal): Promise<number> {
    const { controller, registration, load, log, onRegistered, onCallSecret } = this.#options;
    for (let attempt = 0; ; attempt++) {
      this.#hasChanged = false;
      try {
        const body = { ...registration(), load: load() };
        const reply = await controller.register(body, TO_ITS_END);
        const { workerId, heartbeatIntervalMs, callSecret } = reply;
        this.#workerId = workerId;
        this.#instanceId = body.instanceId;
        if (callSecret !== undefined) onCallSecret?.(callSecret);
        this.#wasAccepted = true;
        log.info({ workerId, controller: controller.url }, "registered");
        onRegistered?.(workerId);
        return heartbeatIntervalMs;
      } catch (thrown) {
        const error = this.#expected(thrown, signal);
        const isHopeless = HOPELESS.has(error.code) && !this.#wasAccepted;
        // What it has become, the controller cannot have as a worker: a Parley that passes on its own models.
        if (isHopeless || error.code === "conflict") throw refused(error, controller.url);
        this.#warnOnce(attempt, error, "cannot register, trying again");
      }
      await this.#wait(backoffMs(attempt, RETRY), signal);
    }
  }

  /** Returns when the controller is to be told who we are: it has forgotten us, or something has changed. */
  async #beat(firstIntervalMs: number, signal: AbortSignal): Promise<void> {
    const { controller, load, log } = this.#options;
    const instanceId = this.#instanceId;
    let intervalMs = firstIntervalMs;
    for (let misses = 0; ; ) {
      if (misses === 0) await this.#pause(intervalMs, signal);
      else await this.#wait(backoffMs(misses - 1, RETRY), signal);
      const workerId = this.#workerId;
      if (workerId === undefined || this.#hasChanged) return;
      try {
        const reply = await controller.heartbeat(workerId, { instanceId, load: load() }, signal);
        intervalMs = reply.heartbeatIntervalMs;
        this.#hear(reply);
        if (misses > 0) log.info({ misses }, "controller is back");
        misses = 0;
      } catch (thrown) {
        const error = this.#expected(thrown, signal);
        if (error.code === "not-found") {
          log.warn("forgotten by the controller, registering again");
          this.#workerId = undefined;
          return;
        }
        this.#warnOnce(misses, error, "heartbeat missed, trying again");
        misses += 1;
      }
    }
  }

  #hear({ callSecret, order }: HeartbeatReply): void {
    if (callSecret !== undefined) this.#options.onCallSecret?.(callSecret);
    if (order === this.#order) return;
    this.#order = order;
    this.#options.onOrder?.(order);
  }

  /** Waits for the interval or for a nudge. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const nudge = this.#nudge;
    const onAbort = () => nudge.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#wait(ms, nudge.signal);
    } catch (error) {
      if (signal.aborted || !nudge.signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (nudge.signal.aborted) this.#nudge = new AbortController();
    }
    signal.throwIfAborted();
  }

  /** What the client promises to throw; anything else is a bug and goes up. */
  #expected(error: unknown, signal: AbortSignal): AppError {
    if (signal.aborted || !isAppError(error)) throw error;
    return error;
  }

  /** The first failure in a row is told, the rest are for whoever debugs: an absent web fills no log. */
  #warnOnce(attempt: number, error: AppError, text: string): void {
    const level = attempt === 0 ? "warn" : "debug";
    this.#options.log[level]({ code: error.code, reason: error.message }, text);
  }
}

function refused(error: AppError, url: string): StartError {
  const isSecret = error.code !== "invalid-request";
  return new StartError({
    message: `The controller at ${url} refuses this worker: ${error.message}`,
    remedy: isSecret
      ? "Set PARLEY_WORKER_SECRET to the secret of the web process, which `npm start` keeps in PARLEY_DATA_DIR, or PARLEY_WORKER_TOKEN to a token that it knows."
      : "Correct what it names, or bring worker and web to the same version.",
    cause: error,
  });
}
