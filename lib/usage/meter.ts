import type { ApiCaller } from "@/lib/auth/api-caller";
import type { AppError } from "@/lib/errors";
import type { Segment } from "@/lib/protocol/segment";
import type { Via } from "@/lib/protocol/via";
import { requestLines } from "@/lib/telemetry/log";
import type { TraceHeaders } from "@/lib/telemetry/trace";
import { createId } from "@/lib/util/id";
import { describeMeter } from "./describe-meter";
import { type Account, type UsageLedger, usageLedger } from "./ledger";
import type { Running } from "./record-book";

export type MeterOptions = {
  caller: ApiCaller;
  /** `/v1/chat/completions`, …; `arena` for answers on pages. */
  endpoint: string;
  /** The model, alias or `auto` that the request names; empty where it names none. */
  asked: string;
  requestId: string;
  /** Whoever opens it writes a line of the request, and says there what this meter knows. */
  isToldElsewhere?: boolean;
  /** What calls to workers are a part of, where the request is traced. */
  trace?: TraceHeaders | undefined;
  /** By way of which workers and Parleys the request came here (protocol/via.ts). */
  via?: Via | undefined;
  /** Asked before a model is: rejects where the caller may not ask it now, for a reason that is none of usage. */
  gate?: ((model: string) => Promise<void>) | undefined;
};

/**
 * What one request has used so far. Opened before anything is done for it and closed exactly once; in
 * between the gateway adds to it, and the ledger holds it against the limits of its caller and models.
 */
export class Meter {
  /** Of the usage record; the answer bears it on the wire. */
  readonly id = createId();
  readonly caller: ApiCaller;
  readonly endpoint: string;
  readonly asked: string;
  readonly requestId: string;
  readonly trace: TraceHeaders | undefined;
  readonly via: Via | undefined;
  gate: MeterOptions["gate"];
  readonly startedAtMs = Date.now();
  readonly #startedMs = performance.now();
  readonly #ledger: UsageLedger;
  /** What the ledger and its book keep of the request while it runs; theirs alone. */
  account: Account | undefined;
  running: Running | undefined;

  model: string | undefined;
  workerId: string | undefined;
  /** Workers that were asked, each time counted. */
  attempts = 0;
  /** Times that another worker went on with an answer. */
  resumptions = 0;
  /** Waited for places at workers, all waits together. */
  queuedMs = 0;
  promptTokens = 0;
  cachedPromptTokens = 0;
  completionTokens = 0;
  /** At the price of the model that was admitted, in whole nano-dollars. */
  costNanoDollars = 0;
  firstTokenMs: number | undefined;
  durationMs: number | undefined;
  /** Undefined while the request runs. */
  outcome: string | undefined;
  #failure: string | undefined;
  readonly #segments: (readonly Segment[])[] = [];
  #isHeld = false;
  #isToldElsewhere: boolean;
  /** Made for who asks for its signal. */
  #stopping: AbortController | undefined;
  #stopped: ((reason: AppError) => void) | undefined;
  #stopReason: AppError | undefined;

  constructor(options: MeterOptions, ledger: UsageLedger = usageLedger()) {
    this.caller = options.caller;
    this.endpoint = options.endpoint;
    this.asked = options.asked;
    this.requestId = options.requestId;
    this.#isToldElsewhere = options.isToldElsewhere ?? false;
    this.trace = options.trace;
    this.via = options.via;
    this.gate = options.gate;
    this.#ledger = ledger;
    ledger.open(this);
  }

  /**
   * The caller asks a model for something, whichever it will be. A request that never does is neither
   * limited nor recorded.
   *
   * @throws AppError `rate-limited` or `quota-exceeded`: the caller's own limits over all models.
   */
  begin(): void {
    this.#ledger.begin(this);
  }

  /**
   * Begins, and takes a place within the limits of a model, before a worker is looked for. Another model may be tried
   * after a refusal, and the same one may be named again.
   *
   * @param names that led to the model: what the request said in this place, and aliases on the way. A key
   * that may use one of them may use the model by it.
   * @throws AppError `forbidden`, `rate-limited` or `quota-exceeded`, of this model alone.
   */
  admit(model: string, names: readonly string[] = [model]): void {
    this.#ledger.admit(this, model, names);
  }

  /** A worker takes the request; of several the last one counts. */
  serve({ model, workerId }: { model: string; workerId: string }): void {
    this.model = model;
    this.workerId = workerId;
    this.attempts += 1;
  }

  /**
   * Another worker goes on with an answer.
   *
   * @param segments what each has written of it; the last one grows
   */
  resumed(segments: readonly Segment[]): void {
    this.resumptions += 1;
    if (!this.#segments.includes(segments)) this.#segments.push(segments);
  }

  /** What each worker wrote of those answers that more than one wrote, one answer after the other. */
  get segments(): Segment[] {
    return this.#segments.flat();
  }

  waited(ms: number): void {
    this.queuedMs += ms;
  }

  /** The first token is there, or the whole answer of a call that has none. */
  first(): void {
    this.firstTokenMs ??= performance.now() - this.#startedMs;
  }

  /** Aborts with the AppError with which the request must end, as soon as its key lets nobody in any more. */
  get signal(): AbortSignal {
    if (this.#stopping === undefined) {
      this.#stopping = new AbortController();
      if (this.#stopReason) this.#stopping.abort(this.#stopReason);
    }
    return this.#stopping.signal;
  }

  get isStopped(): boolean {
    return this.#stopReason !== undefined;
  }

  /** The same as `signal` says, to one listener, for whom no signal has to be made. */
  onStop(listener: (reason: AppError) => void): void {
    if (this.#stopReason) listener(this.#stopReason);
    else this.#stopped = listener;
  }

  /** From here on the request may only end. */
  stop(reason: AppError): void {
    if (this.isStopped) return;
    this.#stopReason = reason;
    this.#stopping?.abort(reason);
    this.#stopped?.(reason);
  }

  /** @returns why the request must end: the limit that this has passed, or what stopped it. */
  add(tokens: {
    prompt?: number;
    cachedPrompt?: number;
    completion?: number;
  }): AppError | undefined {
    this.promptTokens += tokens.prompt ?? 0;
    this.cachedPromptTokens += tokens.cachedPrompt ?? 0;
    this.completionTokens += tokens.completion ?? 0;
    const passed = this.#ledger.charge(this);
    return this.#stopReason ?? passed;
  }

  /** Something went wrong that the response's status does not tell, as in the middle of a stream. */
  fail(code: string): void {
    this.#failure ??= code;
  }

  /**
   * The work goes on after the response: from here only the returned function closes.
   *
   * @returns `close`
   */
  hold(): (outcome: string) => void {
    this.#isHeld = true;
    // The line of the request is written before this ends.
    this.#isToldElsewhere = false;
    return (outcome) => {
      this.#isHeld = false;
      this.close(outcome);
    };
  }

  /** The process ends before the request does. */
  abandon(): void {
    this.#isHeld = false;
    this.close("lost");
  }

  /** The end, however it came; the first one counts. */
  close(outcome: string): void {
    if (this.#isHeld || this.outcome !== undefined) return;
    this.outcome = this.#failure ?? outcome;
    this.durationMs = performance.now() - this.#startedMs;
    // Until it is written down the meter is kept, a thousand of them a second at times: not with the request
    // behind it, its signal and its socket.
    this.#stopped = undefined;
    this.gate = undefined;
    this.#ledger.close(this);
    if (this.#isToldElsewhere || this.model === undefined) return;
    requestLines.info({ requestId: this.requestId, ...describeMeter(this) }, "answer");
  }
}
