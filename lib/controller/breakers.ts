import type { ErrorCode } from "@/lib/errors";
import { log } from "@/lib/telemetry/log";
import {
  type BreakerLimits,
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

/** The breakers of the workers that failed lately, as this process found them. */
export class Breakers {
  readonly #limits: Partial<BreakerLimits>;
  readonly #breakers = new Map<string, CircuitBreaker>();
  readonly #listeners = new Set<(workerId: string) => void>();

  constructor(limits: Partial<BreakerLimits> = {}) {
    this.#limits = limits;
  }

  /** Undefined for a worker that did not fail lately. */
  find(workerId: string): CircuitBreaker | undefined {
    return this.#breakers.get(workerId);
  }

  view(workerId: string, nowMs: number): BreakerView {
    return this.#breakers.get(workerId)?.view(nowMs) ?? CLOSED;
  }

  /** Told whenever one opens, in the same turn; until the returned function is called. */
  onOpen(listener: (workerId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * A worker failed a request. `hasStarted`: it had begun to answer, so that it was reached; what broke
   * off may have been that request's own fault.
   */
  failed(
    workerId: string,
    code: ErrorCode,
    { trial = 0, hasStarted = false, nowMs }: Failed,
  ): void {
    const failing = FAULTS[code];
    if (failing === undefined) return;
    const breaker = this.#breakers.get(workerId) ?? new CircuitBreaker(this.#limits);
    this.#breakers.set(workerId, breaker);
    const kind = hasStarted && code === "worker-lost" ? "fault" : failing.kind;
    if (!breaker.failed({ ...failing, kind }, { trial, nowMs })) return;
    log.warn({ workerId, code }, "breaker of a worker opened");
    for (const listener of this.#listeners) listener(workerId);
  }

  /** An answer came whole. */
  finished(workerId: string, nowMs: number): void {
    const breaker = this.#breakers.get(workerId);
    breaker?.finished(nowMs);
    if (breaker?.isForgettable) this.#breakers.delete(workerId);
  }

  /** Another life begins closed. */
  forget(workerId: string): void {
    this.#breakers.delete(workerId);
  }

  /** Forgets whoever is not there any more. */
  keep(workerIds: ReadonlySet<string>): void {
    for (const id of this.#breakers.keys()) if (!workerIds.has(id)) this.#breakers.delete(id);
  }
}

type Failed = { trial?: number; hasStarted?: boolean; nowMs: number };
