import type { ErrorCode } from "@/lib/errors";
import { log } from "@/lib/telemetry/log";
import {
  type BreakerLimits,
  type BreakerState,
  type BreakerView,
  CircuitBreaker,
  CLOSED,
  type Failing,
} from "./circuit-breaker";

/** Which errors are a worker's fault, and what is said of them. Any other is the request's, or says that it was full. */
const FAULTS: Partial<Record<ErrorCode, Failing>> = {
  "worker-lost": { kind: "gone", reason: "It could not be reached, or broke off." },
  timeout: { kind: "gone", reason: "It did not answer in time." },
  "upstream-invalid": { kind: "fault", reason: "What it answered was not understood." },
  internal: { kind: "fault", reason: "It failed of itself." },
};

const RANKS: Record<BreakerState, number> = { closed: 0, "half-open": 1, open: 2 };

/** A model at a worker. */
export type BreakerPlace = { workerId: string; modelId: string };

/** Of a request: the numbers of its trials, at the worker and at the model there; 0 for none. */
export type Trials = { worker: number; model: number };

export const NO_TRIALS: Trials = { worker: 0, model: 0 };

/** How things stand for requests of a model at a worker. */
export type Admittance = {
  state: BreakerState;
  /** One finds out whether it serves again. */
  isTrying: boolean;
  /** It is known to live although it is open. */
  hasBeaten: boolean;
};

const ADMITTED: Admittance = { state: "closed", isTrying: false, hasBeaten: true };

type OfWorker = { worker: CircuitBreaker; models: Map<string, CircuitBreaker> };

/**
 * The breakers of the workers that failed lately, as this process found them. A worker that is gone is gone
 * for all its models; what it does wrong is held against the model that it was asked for, since another one
 * at the same worker may be as well as ever.
 */
export class Breakers {
  readonly #limits: Partial<BreakerLimits>;
  readonly #workers = new Map<string, OfWorker>();
  readonly #listeners = new Set<(workerId: string) => void>();

  constructor(limits: Partial<BreakerLimits> = {}) {
    this.#limits = limits;
  }

  admittance(place: BreakerPlace, nowMs: number): Admittance {
    const found = this.#workers.get(place.workerId);
    if (found === undefined) return ADMITTED;
    const model = found.models.get(place.modelId);
    const own = found.worker.stateAt(nowMs);
    const ofModel = model?.stateAt(nowMs) ?? "closed";
    return {
      state: RANKS[ofModel] > RANKS[own] ? ofModel : own,
      isTrying: found.worker.isTrying || model?.isTrying === true,
      hasBeaten: own !== "open" || found.worker.hasBeaten,
    };
  }

  /** The worst of its breakers, for keepers. */
  view(workerId: string, nowMs: number): BreakerView {
    const found = this.#workers.get(workerId);
    if (found === undefined) return CLOSED;
    const views = [found.worker, ...found.models.values()].map((it) => it.view(nowMs));
    return views.reduce((worst, it) => (RANKS[it.state] > RANKS[worst.state] ? it : worst), CLOSED);
  }

  /** Told whenever one opens, in the same turn; until the returned function is called. */
  onOpen(listener: (workerId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A request goes there. */
  begin({ workerId, modelId }: BreakerPlace): Trials {
    const found = this.#workers.get(workerId);
    if (found === undefined) return NO_TRIALS;
    return { worker: found.worker.begin(), model: found.models.get(modelId)?.begin() ?? 0 };
  }

  /** A request is over, whatever it found. */
  end({ workerId, modelId }: BreakerPlace, trials: Trials): void {
    const found = this.#workers.get(workerId);
    if (trials.worker > 0) found?.worker.end(trials.worker);
    if (trials.model > 0) found?.models.get(modelId)?.end(trials.model);
  }

  /** A request was heard to run. True when that closes a breaker. */
  succeeded({ workerId, modelId }: BreakerPlace, trials: Trials): boolean {
    const found = this.#workers.get(workerId);
    if (found === undefined) return false;
    const isBack = found.worker.succeeded(trials.worker);
    return found.models.get(modelId)?.succeeded(trials.model) || isBack;
  }

  /**
   * A worker failed a request. `hasStarted`: it had begun to answer, so that it was reached; what broke
   * off may have been that request's own fault.
   */
  failed(
    { workerId, modelId }: Partial<BreakerPlace> & { workerId: string },
    failed: Failed,
  ): void {
    const { code, trials = NO_TRIALS, hasStarted = false, nowMs } = failed;
    const failing = FAULTS[code];
    if (failing === undefined) return;
    const found = this.#workers.get(workerId) ?? this.#add(workerId);
    const isFault = failing.kind === "fault" || (hasStarted && code === "worker-lost");
    const isOfModel = isFault && modelId !== undefined;
    const breaker = isOfModel ? this.#breakerOf(found, modelId) : found.worker;
    const trial = isOfModel ? trials.model : trials.worker;
    const kind = isFault ? "fault" : "gone";
    if (!breaker.failed({ ...failing, kind }, { trial, nowMs })) return;
    log.warn({ workerId, code }, "breaker of a worker opened");
    for (const listener of this.#listeners) listener(workerId);
  }

  /** An answer came whole. */
  finished({ workerId, modelId }: BreakerPlace, nowMs: number): void {
    const found = this.#workers.get(workerId);
    if (found === undefined) return;
    const model = found.models.get(modelId);
    model?.finished(nowMs);
    if (model?.isForgettable) found.models.delete(modelId);
    found.worker.finished(nowMs);
    if (found.worker.isForgettable && found.models.size === 0) this.#workers.delete(workerId);
  }

  /** It has beaten: it lives. */
  beat(workerId: string): void {
    this.#workers.get(workerId)?.worker.beat();
  }

  /** It answered when it was asked whether it lives. */
  answered(workerId: string, nowMs: number): void {
    this.#workers.get(workerId)?.worker.answered(nowMs);
  }

  /** Another life begins closed. */
  forget(workerId: string): void {
    this.#workers.delete(workerId);
  }

  /** Forgets whoever is not there any more. */
  keep(workerIds: ReadonlySet<string>): void {
    for (const id of this.#workers.keys()) if (!workerIds.has(id)) this.#workers.delete(id);
  }

  #add(workerId: string): OfWorker {
    const added = { worker: new CircuitBreaker(this.#limits), models: new Map() };
    this.#workers.set(workerId, added);
    return added;
  }

  #breakerOf({ models }: OfWorker, modelId: string): CircuitBreaker {
    const known = models.get(modelId);
    if (known !== undefined) return known;
    const breaker = new CircuitBreaker(this.#limits);
    models.set(modelId, breaker);
    return breaker;
  }
}

type Failed = { code: ErrorCode; trials?: Trials; hasStarted?: boolean; nowMs: number };
