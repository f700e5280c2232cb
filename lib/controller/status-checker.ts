import { setTimeout as delay } from "node:timers/promises";
import { log } from "@/lib/telemetry/log";
import { backoffMs } from "@/lib/util/backoff";
import type { Random } from "@/lib/util/random";
import type { ControllerConfig } from "./controller-config";
import type { Probe, ProbeOutcome } from "./probe";
import { isAwake, type KnownWorker, type WorkerPicture } from "./worker-picture";

/** After how many intervals a beat is late enough to ask: one that is a little late is no news. */
const LATE_INTERVALS = 1.5;

export type StatusCheckerOptions = {
  picture: WorkerPicture;
  config: ControllerConfig;
  probe: Probe;
  now: () => number;
  random: Random;
  /** Told of every answer, and of every attempt without one. */
  onOutcome: (worker: KnownWorker, outcome: ProbeOutcome) => Promise<void>;
};

/** When a worker was last asked, and how often in vain since it last answered. */
type History = {
  askedMs: number;
  dueMs: number;
  failures: number;
  isDoubted: boolean;
  running?: Promise<void>;
};

/**
 * Asks workers at their addresses whether they live: at once when one did not take a request, when a beat
 * is late, and, with back-off, while they are gone; those that never beat as often as others would. Each
 * by one question at a time, and so many at once that a fleet that goes down does not take this process's
 * sockets with it.
 */
export class StatusChecker {
  readonly #options: StatusCheckerOptions;
  readonly #histories = new Map<string, History>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: StatusCheckerOptions) {
    this.#options = options;
  }

  /** Asks all whose turn it is. Resolves when all have answered, or have not. */
  async check(): Promise<void> {
    const { picture, now } = this.#options;
    const workers = picture.workers();
    this.#forget(new Set(workers.map(({ id }) => id)));
    const nowMs = now();
    await Promise.all(
      workers.filter((worker) => this.#isDue(worker, nowMs)).map((worker) => this.#ask(worker)),
    );
  }

  /** Asks everybody, and waits as long as one answer may take: what this process knows is from before its time. */
  async checkAll(): Promise<void> {
    const { picture, config } = this.#options;
    const workers = picture.workers().filter(({ state }) => state !== "left");
    const asked = Promise.all(workers.map((worker) => this.#ask(worker)));
    await Promise.race([asked, delay(config.probeMsMax, undefined, { ref: false })]);
  }

  /** Asks one now, unless that was done a moment ago: somebody could not reach it, or it was heard again. */
  async suspect(workerId: string): Promise<void> {
    const { picture, config, now } = this.#options;
    const worker = picture.find(workerId);
    if (worker === undefined || worker.state === "left") return;
    const history = this.#histories.get(workerId);
    if (history !== undefined && now() - history.askedMs < config.probeRetryFirstMs) {
      // In the next round: what it said a moment ago may be over.
      history.isDoubted = true;
      return;
    }
    await this.#ask(worker);
  }

  #isDue(worker: KnownWorker, nowMs: number): boolean {
    const { picture, config } = this.#options;
    if (worker.state === "left") return false;
    const { dueMs, isDoubted } = this.#histories.get(worker.id) ?? newHistory();
    if (isDoubted) return true;
    if (nowMs < dueMs) return false;
    if (!isAwake(worker) || worker.unanswered !== undefined) return true;
    const silentMs = picture.silentMs(worker, nowMs);
    return silentMs >= config.heartbeatIntervalMs * (worker.beats ? LATE_INTERVALS : 1);
  }

  #ask(worker: KnownWorker): Promise<void> {
    const history = this.#histories.get(worker.id) ?? newHistory();
    this.#histories.set(worker.id, history);
    history.running ??= this.#askInTurn(worker, history).finally(() => {
      delete history.running;
    });
    return history.running;
  }

  async #askInTurn(worker: KnownWorker, history: History): Promise<void> {
    const { config, probe, now, random, onOutcome } = this.#options;
    if (this.#running >= config.probesMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      history.askedMs = now();
      history.isDoubted = false;
      const outcome = await probe(worker, AbortSignal.timeout(config.probeMsMax));
      const isWell = outcome === "ready" || outcome === "starting" || outcome === "draining";
      history.failures = isWell ? 0 : history.failures + 1;
      const retry = { firstMs: config.probeRetryFirstMs, longestMs: config.probeRetryLongestMs };
      const pauseMs = isWell ? 0 : backoffMs(history.failures - 1, retry, random);
      history.dueMs = now() + pauseMs;
      await onOutcome(worker, outcome);
    } catch (error) {
      // A bug of one probe must not end the watch over all others.
      log.error({ err: error, workerId: worker.id }, "a worker could not be asked");
      history.dueMs = now() + config.probeRetryLongestMs;
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  #forget(known: ReadonlySet<string>): void {
    for (const [id, { running }] of this.#histories) {
      if (!known.has(id) && running === undefined) this.#histories.delete(id);
    }
  }
}

function newHistory(): History {
  const never = Number.NEGATIVE_INFINITY;
  return { askedMs: never, dueMs: never, failures: 0, isDoubted: false };
}
