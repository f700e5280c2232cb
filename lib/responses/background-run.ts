import { AppError, toAppError } from "@/lib/errors";
import type { Generation } from "@/lib/gateway/generate";
import type { ResponseEvent } from "@/lib/openai/responses/event";
import {
  CANCELLED,
  type ResponseBody,
  type ResponseEnd,
  type ResponseObject,
  toFailure,
} from "@/lib/openai/responses/response-object";
import { ResponseWriter } from "@/lib/openai/responses/response-writer";
import { inResponseWords } from "@/lib/openai/responses/wire-param";
import { log as processLog } from "@/lib/telemetry/log";
import { type LogEntry, toAskedEntry, toLogEntry } from "./event-log";
import type { OpenResponse, OpenResponses } from "./open-responses";
import type { Progress } from "./store";

export type BackgroundRunOptions = {
  body: ResponseBody;
  includesLogProbabilities: boolean;
  open: OpenResponses;
  /** Closes what the answer is charged to. */
  closeMeter: (outcome: string) => void;
};

/**
 * A response that is made with nobody waiting for it. It can be read from any event on while it grows,
 * by as many as like, and ends by itself, by `cancel` or by `stop`.
 */
export class BackgroundRun implements OpenResponse {
  readonly id: string;
  /** When its end is written, or waits for the database to be back. */
  readonly ended: Promise<void>;
  readonly #options: BackgroundRunOptions;
  readonly #writer: ResponseWriter;
  readonly #log: LogEntry[];
  readonly #events: ResponseEvent[];
  readonly #abort = new AbortController();
  #keptCount: number;
  #isBodyKept = false;
  #isEnded = false;
  #stopped: ResponseEnd | undefined;
  #failure: string | undefined;
  readonly #readers = new Set<() => void>();

  /** @param begin asks for the answer, and gives it up when the signal aborts. */
  constructor(options: BackgroundRunOptions, begin: (signal: AbortSignal) => Promise<Generation>) {
    const { body, includesLogProbabilities } = options;
    this.id = body.id;
    this.#options = options;
    this.#writer = new ResponseWriter(body, { includesLogProbabilities });
    this.#log = [toAskedEntry(body)];
    this.#keptCount = this.#log.length;
    this.#events = this.#writer.queue();
    options.open.add(this);
    this.ended = this.#run(begin).catch((error: unknown) => {
      // A bug of ours; the sweep ends the row.
      processLog.error({ err: error, responseId: this.id }, "response not ended");
      this.#isEnded = true;
      this.#push([]);
    });
  }

  get response(): ResponseObject {
    return this.#writer.response;
  }

  /** Ends it where it is, at its reader's word. */
  cancel(): void {
    this.#end(CANCELLED, new DOMException("The response was cancelled.", "AbortError"));
  }

  /** Ends it because this process ends. */
  stop(): void {
    const message = "The server was stopped before the response was finished. Create it again.";
    const error = new AppError("unavailable", { message });
    this.#failure = error.code;
    this.#end(toFailure(error), error);
  }

  /** Its row is gone or says that it was cancelled. */
  drop(): void {
    this.cancel();
  }

  progress(): Progress | undefined {
    if (this.#keptCount === this.#log.length || this.#isEnded) return undefined;
    // Once a worker answers, the body stays as it is until the end.
    const body = this.#isBodyKept ? undefined : this.#writer.body;
    return { body, log: [...this.#log], keptCount: this.#keptCount };
  }

  kept(progress: Progress | undefined): void {
    this.#keptCount = progress?.log.length ?? 0;
    this.#isBodyKept = progress !== undefined;
  }

  /** Its events, those to come included; the reader may leave at any time. */
  async *read(signal: AbortSignal): AsyncGenerator<ResponseEvent, undefined> {
    for (let next = 0; !signal.aborted; ) {
      const event = this.#events[next];
      if (event !== undefined) {
        next += 1;
        yield event;
      } else if (this.#isEnded) return undefined;
      else await this.#news(signal);
    }
    return undefined;
  }

  /** Until there is another event, or the reader has left. */
  #news(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.#readers.delete(wake);
        resolve();
      };
      this.#readers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  async #run(begin: (signal: AbortSignal) => Promise<Generation>): Promise<void> {
    const end = await this.#make(begin);
    const events = this.#writer.finish(this.#stopped ?? end);
    const { open, closeMeter } = this.#options;
    const { body } = this.#writer;
    closeMeter(toOutcome(body.status, this.#failure));
    const { output } = this.#writer.response;
    const kept = { log: this.#log, keptCount: this.#keptCount };
    await open.end({ id: this.id, body, output, ...kept });
    this.#isEnded = true;
    this.#push(events);
  }

  async #make(begin: (signal: AbortSignal) => Promise<Generation>): Promise<ResponseEnd> {
    try {
      const { events } = await begin(this.#abort.signal);
      for await (const event of events) {
        if (event.type === "generation-end") return this.#writer.toEnd(event, new Date());
        if (event.type === "generation-error") return this.#fail(event);
        // The usage record says who wrote what; of the response it is no part.
        if (event.type === "generation-resumed") continue;
        this.#log.push(toLogEntry(event));
        this.#push(this.#writer.add(event));
      }
      const message = "The worker stopped in the middle of the answer. Create it again.";
      return this.#fail(new AppError("worker-lost", { message }));
    } catch (thrown) {
      const error = toAppError(inResponseWords(thrown));
      if (this.#stopped === undefined && error.code === "internal") {
        processLog.error({ err: error.cause, responseId: this.id }, "response failed");
      }
      return this.#fail(error);
    }
  }

  #fail(error: Pick<AppError, "code" | "message">): ResponseEnd {
    this.#failure = error.code;
    return toFailure(error);
  }

  #end(end: ResponseEnd, reason: unknown): void {
    if (this.#stopped !== undefined || this.#isEnded) return;
    this.#stopped = end;
    this.#abort.abort(reason);
  }

  #push(events: readonly ResponseEvent[]): void {
    this.#events.push(...events);
    for (const wake of [...this.#readers]) wake();
  }
}

/** Of the usage record. */
function toOutcome(status: ResponseBody["status"], failure: string | undefined): string {
  if (status === "cancelled") return "cancelled";
  return status === "failed" ? (failure ?? "failed") : "complete";
}
