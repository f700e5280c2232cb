import { AppError, isAppError, toAppError } from "@/lib/errors";
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
import { type StreamNote, toResumedNote } from "@/lib/protocol/stream-note";
import { log } from "@/lib/telemetry/log";
import type { OpenResponses } from "./open-responses";

export type ForegroundRunOptions = {
  body: ResponseBody;
  includesLogProbabilities: boolean;
  generation: Generation;
  open: OpenResponses;
  /** Aborts when the client leaves, or at a deadline that it set. */
  signal: AbortSignal;
};

/** A response that its client waits for: it ends with it. */
export class ForegroundRun {
  readonly generation: Generation;
  readonly #options: ForegroundRunOptions;
  readonly #writer: ResponseWriter;
  /** The events of the end, when it is stored. */
  #ending: Promise<ResponseEvent[]> | undefined;
  #failure: AppError | undefined;

  constructor(options: ForegroundRunOptions) {
    const { body, includesLogProbabilities, generation, signal } = options;
    this.generation = generation;
    this.#options = options;
    this.#writer = new ResponseWriter(body, { includesLogProbabilities });
    // Also a client that leaves before it has read anything.
    const onAbort = () => void this.#abort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
  }

  /**
   * The events as they come; to be read once. The end is stored before it is told, so that a client can
   * go on from it at once.
   */
  async *events(): AsyncGenerator<ResponseEvent | StreamNote, undefined> {
    try {
      for await (const event of this.generation.events) {
        if (this.#ending) break;
        if (event.type === "generation-end") {
          await this.#finish(this.#writer.toEnd(event, new Date()));
        } else if (event.type === "generation-error") {
          await this.#fail(new AppError(event.code, { message: event.message }));
        } else if (event.type === "generation-resumed") yield toResumedNote(event);
        else yield* this.#writer.add(event);
      }
      yield* await (this.#ending ?? this.#fail(endedEarly()));
    } catch (thrown) {
      // Failures of workers are events, so this is a bug of ours.
      if (this.#ending === undefined) {
        const { id: responseId } = this.#writer.body;
        log.error({ err: thrown, responseId }, "response failed");
      }
      yield* await (this.#ending ?? this.#fail(toAppError(thrown)));
    } finally {
      await (this.#ending ?? this.#finish(CANCELLED));
    }
    return undefined;
  }

  /** @throws AppError with which it ended. */
  async read(): Promise<ResponseObject> {
    for await (const _ of this.events()) {
      // What they add up to is told below.
    }
    if (this.#failure) throw this.#failure;
    const { response } = this.#writer;
    if (response.status !== "cancelled") return response;
    throw new AppError("client-closed", { message: "The request was cancelled." });
  }

  #abort(): Promise<ResponseEvent[]> | undefined {
    if (this.#ending) return undefined;
    const { reason } = this.#options.signal;
    return isAppError(reason) ? this.#fail(reason) : this.#finish(CANCELLED);
  }

  #fail(error: AppError): Promise<ResponseEvent[]> {
    this.#failure = error;
    return this.#finish(toFailure(error));
  }

  #finish(end: ResponseEnd): Promise<ResponseEvent[]> {
    const events = this.#writer.finish(end);
    this.#ending = this.#store().then(() => events);
    return this.#ending;
  }

  async #store(): Promise<void> {
    const { body, response } = this.#writer;
    if (!body.store) return;
    const { output } = response;
    await this.#options.open.end({ id: body.id, body, output, log: [], keptCount: 0 });
  }
}

function endedEarly(): AppError {
  return new AppError("worker-lost", {
    message: "The worker stopped in the middle of the answer. Create the response again.",
  });
}
