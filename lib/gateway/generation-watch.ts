import { PARENT_CALLER } from "@/lib/auth/api-caller";
import { AppError, isAppError } from "@/lib/errors";
import { GENERATION_MS_MAX, READER_STALL_MS_MAX } from "@/lib/limits";
import type { GenerateEvent, GenerationStart } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { Segment } from "@/lib/protocol/segment";
import type { Meter } from "@/lib/usage/meter";
import { Stop, type StopSignal } from "@/lib/util/stop";
import { firstTokenTimes } from "./first-token-times";
import { gatewayMetrics } from "./gateway-metrics";
import { type RunningGeneration, runningGenerations } from "./running-generations";
import { workerTraffic } from "./worker-traffic";

const WHOLE: ReadonlySet<string> = new Set(["stop", "length", "tool-calls"]);

export type WatchOptions = {
  request: GenerateRequest;
  meter: Meter;
  /** Aborts when the client leaves, or with an AppError that it is to be told. */
  client: StopSignal;
  /** What is left of GENERATION_MS_MAX for it. */
  limitMs: number;
  /** Hears once how it ended, as far as that tells of the model; else `cancelled`. */
  ended?: (outcome: string) => void;
};

/**
 * Keeps watch over one generation, from request to end: its time limit, the client's abort, its counts.
 * Whichever way it ends, `close` runs what must be undone exactly once.
 */
export class GenerationWatch implements RunningGeneration {
  rosterAt = -1;
  readonly #model: string;
  readonly #meter: Meter;
  /** Tokens that came with the request, and are paid for where they were drawn. */
  readonly #givenTokens: number;
  /** Of several answers to one request the first one pays for the prompt. */
  readonly #paysPrompt: boolean;
  #knowsPrompt = true;
  readonly #client: StopSignal;
  readonly #abort = new Stop();
  readonly #timer: NodeJS.Timeout;
  readonly #beganMs = performance.now();
  readonly #onAbort = () => {
    const { reason } = this.#client;
    if (isAppError(reason)) this.#stop(reason);
    else this.close("cancelled");
  };
  readonly #ended: ((outcome: string) => void) | undefined;
  #undo: (() => void) | undefined;
  /** The worker that writes is done with it. */
  #left: (() => void) | undefined;
  #isKnownModel = false;
  /** How it ends from here on tells nothing of the model. */
  #isReadersFault = false;
  #completionTokens = 0;
  /** What each worker wrote, in order; the last one grows. */
  readonly #segments: Segment[] = [];
  #firstTokenMs = 0;
  #outcome: string | undefined;

  constructor({ request, meter, client, limitMs, ended }: WatchOptions) {
    this.#model = request.model;
    this.#meter = meter;
    this.#givenTokens = request.resume?.tokenIds.length ?? 0;
    this.#paysPrompt = (request.choice ?? 0) === 0;
    this.#client = client;
    this.#ended = ended;
    gatewayMetrics.running.inc();
    this.#timer = setTimeout(() => {
      const seconds = GENERATION_MS_MAX / 1_000;
      const message = `The request took longer than ${seconds} seconds and was stopped. Ask for less at once.`;
      // A client can ask for more than fits.
      this.#isReadersFault = true;
      this.#stop(new AppError("timeout", { message }));
    }, limitMs);
    this.#timer.unref();
    if (client.aborted) this.#onAbort();
    else client.addEventListener("abort", this.#onAbort, { once: true });
    if (this.#outcome === undefined) runningGenerations().add(this);
  }

  /** Aborts with the client, at the time limit and when the generation is closed. */
  get signal(): Stop {
    return this.#abort;
  }

  get isCancelled(): boolean {
    const hasLeft = this.#client.aborted && !isAppError(this.#client.reason);
    return hasLeft || this.#outcome === "cancelled";
  }

  /** Why the work was stopped, when it was stopped from here. */
  get reason(): unknown {
    return this.#abort.aborted ? this.#abort.reason : undefined;
  }

  /** Something to undo at the end; at once if the end has come. */
  onClose(undo: () => void): void {
    const isOver = this.#outcome !== undefined || this.#abort.aborted;
    if (isOver) undo();
    else this.#undo = undo;
  }

  /** A worker offers the model, so its name may stand in metrics; until then it is a client's word. */
  reserved(): void {
    this.#isKnownModel = true;
  }

  /** The first token is there, from the worker whose place `undo` gives back. */
  first(start: GenerationStart, { workerId, undo }: { workerId: string; undo: () => void }): void {
    this.onClose(undo);
    this.#begin(workerId);
    const nowMs = performance.now();
    const firstTokenMs = nowMs - this.#beganMs;
    this.#firstTokenMs = firstTokenMs;
    gatewayMetrics.firstTokenSeconds.observe({ model: this.#model }, firstTokenMs / 1000);
    // Callers learn of these times by `auto`: those of blind battles, here or at a Parley above, would name
    // the two at work.
    const { endpoint, caller } = this.#meter;
    if (endpoint !== "arena" && caller.owner !== PARENT_CALLER.owner) {
      firstTokenTimes().record(this.#model, { atMs: nowMs, firstTokenMs });
    }
    this.#meter.first();
    this.#knowsPrompt = start.promptTokens !== undefined;
    if (start.promptTokens !== undefined) this.#readPrompt(start.promptTokens);
  }

  /** The worker is lost; its place is given back before another one is looked for. */
  lost(): void {
    this.#giveBack();
  }

  /** Another worker goes on with the answer. */
  resumed({ workerId, undo }: { workerId: string; undo: () => void }): void {
    this.onClose(undo);
    this.#begin(workerId);
    this.#meter.resumed(this.#segments);
  }

  /** From here on this worker writes. */
  #begin(workerId: string): void {
    const segment = { workerId, tokens: 0 };
    this.#segments.push(segment);
    if (this.#outcome !== undefined || this.#abort.aborted) return;
    const sinceMs = performance.now();
    const ended = workerTraffic().begin(workerId);
    this.#left = () => {
      const nowMs = performance.now();
      const latencyMs = nowMs - this.#beganMs;
      ended({ latencyMs, decodeMs: nowMs - sinceMs, tokens: segment.tokens });
    };
  }

  /** By the gateway's clock, for an answer of which no worker saw the whole. */
  get times(): { firstTokenMs: number; durationMs: number } {
    return { firstTokenMs: this.#firstTokenMs, durationMs: performance.now() - this.#beganMs };
  }

  /** How it ends from here on tells nothing of the worker. */
  get isReadersFault(): boolean {
    return this.#isReadersFault;
  }

  /** An event passes. */
  see(event: GenerateEvent): void {
    if ("tokens" in event && event.type !== "prompt-tokens") {
      this.#count(event.tokens);
      this.#charge({ completion: event.tokens });
    }
    if (event.type !== "generation-end") return;
    const { completionTokens, cachedPromptTokens = 0 } = event.usage;
    if (!this.#knowsPrompt) this.#readPrompt(event.usage.promptTokens);
    // What deltas did not count: the token that ends an answer, and all of one without text.
    // A worker that counts fewer in the end than on the way takes nothing back.
    const untold = completionTokens - this.#givenTokens - this.#completionTokens;
    const completion = Math.max(0, untold);
    this.#meter.add({ completion, ...(this.#paysPrompt && { cachedPrompt: cachedPromptTokens }) });
    this.#count(completion);
    // The reader may never ask for what follows the last event.
    this.close(event.finishReason);
  }

  #readPrompt(tokens: number): void {
    gatewayMetrics.tokens.inc({ model: this.#model, kind: "prompt" }, tokens);
    if (this.#paysPrompt) this.#charge({ prompt: tokens });
  }

  #count(tokens: number): void {
    this.#completionTokens += tokens;
    const segment = this.#segments.at(-1);
    if (segment) segment.tokens += tokens;
  }

  /** A limit that is passed in the middle of an answer ends it. */
  #charge(tokens: { prompt?: number; completion?: number }): void {
    const spent = this.#meter.add(tokens);
    if (spent) this.#stop(spent);
  }

  /** The reader took so long to ask for the next event; a worker gives up on one that stalls. */
  waitedForReader(ms: number): void {
    if (ms >= READER_STALL_MS_MAX) this.#isReadersFault = true;
  }

  /** This process has to stop, which tells nothing of worker and model. */
  end(reason: AppError): void {
    this.#isReadersFault = true;
    this.#stop(reason);
  }

  /** Ends the work with `reason`, which the reader is told when it asks for the next event. */
  #stop(reason: AppError): void {
    this.#abort.abort(reason);
    // The worker is free from now on, however late the reader asks.
    this.#giveBack();
  }

  #giveBack(): void {
    this.#undo?.();
    this.#undo = undefined;
    this.#left?.();
    this.#left = undefined;
  }

  /** An error in the middle of the answer, of which the response's status says nothing. */
  fail(code: string): void {
    this.#meter.fail(code);
    this.close(code);
  }

  /** The end, however it came; the first to tell decides the outcome. */
  close(outcome: string): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    clearTimeout(this.#timer);
    this.#client.removeEventListener("abort", this.#onAbort);
    runningGenerations().delete(this);
    const model = this.#isKnownModel ? this.#model : "unknown";
    gatewayMetrics.running.dec();
    gatewayMetrics.requests.inc({ model, outcome });
    if (this.#completionTokens > 0) {
      gatewayMetrics.tokens.inc({ model, kind: "completion" }, this.#completionTokens);
    }
    this.#giveBack();
    const tellsNothing = this.#client.aborted || this.#isReadersFault;
    this.#ended?.(tellsNothing ? "cancelled" : outcome);
    // A whole answer leaves its connection for the next request; anything else is let go at the worker.
    if (WHOLE.has(outcome)) return;
    this.#abort.abort(this.#client.aborted ? this.#client.reason : cancelled());
  }
}

function cancelled(): DOMException {
  return new DOMException("The generation was closed.", "AbortError");
}
