import type { GenerateEvent, GenerationEnd, GenerationStart } from "@/lib/protocol/generate-event";
import { assert, unreachable } from "@/lib/util/assert";
import type { ResponseEvent, ResponseEventContent } from "./event";
import { OutputWriter } from "./output-writer";
import {
  type ResponseBody,
  type ResponseEnd,
  type ResponseObject,
  toSeconds,
} from "./response-object";
import { toResponseUsage } from "./usage";

/** What adds to a response, from its worker's first word on; its end is told apart (`finish`). */
export type ResponseInput = Exclude<
  GenerateEvent,
  { type: "generation-end" } | { type: "generation-error" }
>;

/**
 * A response as it grows: the worker's events go in, the response's own come out, and `response` is what
 * they have added up to. The same events in the same order give the same numbered events, so that a
 * reader that comes back goes on where it was.
 */
export class ResponseWriter {
  readonly #initial: ResponseBody;
  #body: ResponseBody;
  readonly #output: OutputWriter;
  #sequence = 0;
  #hasBegun = false;

  /** @param body as `toResponseBody` made it. */
  constructor(
    body: ResponseBody,
    { includesLogProbabilities }: { includesLogProbabilities: boolean },
  ) {
    this.#initial = body;
    this.#body = body;
    this.#output = new OutputWriter({
      responseId: body.id,
      isSummary: body.reasoning.summary !== null,
      includesLogProbabilities,
    });
  }

  get body(): ResponseBody {
    return this.#body;
  }

  get response(): ResponseObject {
    return { ...this.#body, output: this.#output.items };
  }

  /** Of a response that waits for its turn: it exists. */
  queue(): ResponseEvent[] {
    assert(this.#initial.status === "queued", "only a background response waits");
    const response = this.response;
    return this.#number([
      { type: "response.created", response },
      { type: "response.queued", response },
    ]);
  }

  add(event: ResponseInput): ResponseEvent[] {
    if (event.type === "generation-start") return this.#number(this.#begin(event));
    assert(this.#hasBegun, "a generation starts first");
    return this.#number(this.#output.add(event));
  }

  /**
   * The end. What was being said is closed, as incomplete unless the response completed.
   *
   * @param end of which the usage may be unknown
   */
  finish(end: ResponseEnd): ResponseEvent[] {
    const { status, error, incomplete_details, completed_at, usage } = end;
    const isWhole = status === "completed";
    if (isWhole) this.#output.expectMessage();
    const closing = this.#output.close(isWhole ? "completed" : "incomplete");
    this.#body = { ...this.#body, status, error, incomplete_details, completed_at, usage };
    const { response } = this;
    switch (status) {
      case "completed":
        return this.#number([...closing, { type: "response.completed", response }]);
      case "incomplete":
      // No event of this API says "cancelled": the status of the response does.
      case "cancelled":
        return this.#number([...closing, { type: "response.incomplete", response }]);
      // Not announced by an `error` event: the official client's helper throws at one, and would lose the text.
      case "failed":
        return this.#number([{ type: "response.failed", response }]);
      case "queued":
      case "in_progress":
        throw new Error(`a response does not end as ${status}`);
      default:
        return unreachable(status);
    }
  }

  /** The end that a worker tells. */
  toEnd({ finishReason, usage }: GenerationEnd, now: Date): ResponseEnd {
    const isCut = finishReason === "length";
    return {
      status: isCut ? "incomplete" : "completed",
      error: null,
      incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
      completed_at: isCut ? null : toSeconds(now),
      usage: toResponseUsage(usage, this.#output.reasoningTokens),
    };
  }

  #begin(start: GenerationStart): ResponseEventContent[] {
    assert(!this.#hasBegun, "a generation starts once");
    this.#hasBegun = true;
    const wasQueued = this.#body.status === "queued";
    const { temperature, topP } = start.sampling;
    this.#body = {
      ...this.#body,
      ...{ status: "in_progress", model: start.model, temperature, top_p: topP },
    };
    const { response } = this;
    const inProgress = { type: "response.in_progress" as const, response };
    return wasQueued ? [inProgress] : [{ type: "response.created", response }, inProgress];
  }

  #number(events: readonly ResponseEventContent[]): ResponseEvent[] {
    return events.map((event) => ({ ...event, sequence_number: this.#sequence++ }));
  }
}
