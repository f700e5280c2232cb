import type { Controller } from "@/lib/controller/controller";
import { AppError, type ErrorCode, toAppError } from "@/lib/errors";
import { log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import type { StopSignal } from "@/lib/util/stop";
import type { Candidate } from "./candidate";
import { gatewayMetrics } from "./gateway-metrics";

/** With which the next model may do better. The rest are the request's own faults, and met again there. */
const PASSED_OVER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["model-not-found", "no-worker", "not-supported", "overloaded", "rate-limited"] as const),
  // Only where the next one holds more.
  "context-length-exceeded",
  ...(["quota-exceeded", "forbidden", "worker-lost", "upstream-invalid", "timeout"] as const),
]);

/** Said of a model that could answer, and has no room for more. */
const FULL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["overloaded", "rate-limited", "quota-exceeded"] as const),
]);

export type TryOptions = {
  controller: Controller;
  candidates: readonly Candidate[];
  signal: StopSignal;
  requestId: string | undefined;
};

export type Tried<T> = {
  answer: T;
  candidate: Candidate;
  /** Why this model answered; undefined for the very one that was asked for. */
  why: string | undefined;
};

type Failure = { candidate: Candidate; error: AppError };

export type Attempt<T> = (candidate: Candidate, waits: { mayWait: boolean }) => Promise<T>;

/**
 * Tries one model after the other until one answers, the client has left or the fault is the request's.
 * Where there are others (and not only spares), none is waited for; when none answered, the first that
 * was merely full is.
 * Whoever calls resolves `attempt` at the first token, so that nothing is tried anew after it.
 *
 * @throws AppError of the first model, with what became of the others.
 */
export async function tryModels<T>(options: TryOptions, attempt: Attempt<T>): Promise<Tried<T>> {
  const { controller, candidates } = options;
  const failures: Failure[] = [];
  const mayWait = candidates.filter((it) => !it.isSpare).length === 1;
  let contextLengthMin = 0;
  for (const candidate of candidates) {
    const last = failures.at(-1);
    if (candidate.isSpare && last && FULL.has(last.error.code)) continue;
    if (contextLengthMin > 0) {
      const contextLength = await findContextLength(controller, candidate.model);
      if (contextLength <= contextLengthMin) continue;
    }
    let error: AppError;
    try {
      // Waited for here, not in a function of its own: each such layer takes a request half a kilobyte.
      const answer = await attempt(candidate, { mayWait });
      return { answer, candidate, why: explain(candidate, failures) };
    } catch (thrown) {
      error = toPassedOver(thrown, options);
    }
    failures.push({ candidate, error });
    if (error.code !== "context-length-exceeded") continue;
    contextLengthMin = await findContextLength(controller, candidate.model);
  }
  const full = failures.find(({ error }) => error.code === "overloaded");
  if (full === undefined || mayWait) throw toOutcome(failures);
  const { candidate } = full;
  let answer: T;
  try {
    answer = await attempt(candidate, { mayWait: true });
  } catch (thrown) {
    toPassedOver(thrown, options);
    throw toOutcome(failures);
  }
  const others = failures.filter((it) => it !== full);
  return { answer, candidate, why: explain(candidate, others) };
}

/**
 * With what a model failed after which the next one is tried.
 *
 * @throws AppError of the client who left, or of a fault that every model would find.
 */
function toPassedOver(thrown: unknown, { signal, requestId }: TryOptions): AppError {
  const error = toAppError(signal.aborted ? signal.reason : thrown);
  if (signal.aborted || !PASSED_OVER.has(error.code)) throw error;
  gatewayMetrics.modelsPassedOver.inc({ code: error.code });
  log.debug({ requestId, code: error.code }, "model passed over");
  return error;
}

/** 0 for a model that is not awake. */
async function findContextLength(controller: Controller, model: string): Promise<number> {
  const awake = await controller.listModels();
  return awake.find(({ name }) => name === model)?.contextLength ?? 0;
}

function explain({ model, why }: Candidate, failures: readonly Failure[]): string | undefined {
  if (failures.length === 0) return why;
  const passed = failures.map((it) => `${it.candidate.model} (${it.error.code})`).join(", ");
  const said = why === undefined ? "" : ` ${why}`;
  return `${model} answered in place of ${passed}.${said}`;
}

/** What it pays to wait for comes before what will not change. */
function toOutcome(failures: readonly Failure[]): AppError {
  const [first] = failures;
  assert(first, "a plan has a candidate");
  if (failures.length === 1) return first.error;
  const { error } = failures.find((it) => it.error.retryable) ?? first;
  const others = failures
    .filter((it) => it.error !== error)
    .map((it) => `\`${it.candidate.model}\` (${it.error.code})`);
  return new AppError(error.code, {
    message: `${error.message} Nor could other models answer: ${others.join(", ")}.`,
    param: error.param,
    retryAfterSeconds: error.retryAfterSeconds,
    cause: error,
  });
}
