import { MIRROR_CALLER } from "@/lib/auth/api-caller";
import { isAppError, toAppError } from "@/lib/errors";
import { MIRROR_MS_MAX, MIRRORS_AT_ONCE_MAX } from "@/lib/limits";
import type { GenerationEvent } from "@/lib/protocol/generate-event";
import { log } from "@/lib/telemetry/log";
import { Meter } from "@/lib/usage/meter";
import { gatewayMetrics } from "./gateway-metrics";

export type MirrorOptions = {
  /** The model of the copy, as an operator named it. */
  model: string;
  /** What the original asked for. */
  asked: string;
  requestId: string;
};

type Answer = { events: AsyncIterable<GenerationEvent> };

/**
 * Copies of requests whose answers nobody reads: for how another model would fare under the same load.
 * They begin when the original has its first token, so that they never stand before it in a queue, and
 * whatever becomes of them is counted here and told to nobody.
 */
export class Mirrors {
  #running = 0;

  /** Begins a copy, or drops it when too many are under way. */
  begin(options: MirrorOptions, ask: (meter: Meter, signal: AbortSignal) => Promise<Answer>): void {
    const { model } = options;
    if (this.#running >= MIRRORS_AT_ONCE_MAX) {
      gatewayMetrics.mirrors.inc({ model, outcome: "dropped" });
      return;
    }
    this.#running += 1;
    void read(options, ask)
      .then((outcome) => {
        gatewayMetrics.mirrors.inc({ model, outcome });
        log.debug({ model, outcome, requestId: options.requestId }, "request mirrored");
      })
      .finally(() => {
        this.#running -= 1;
      });
  }
}

/** @returns how it ended; never rejects. */
async function read(
  { asked, requestId }: MirrorOptions,
  ask: (meter: Meter, signal: AbortSignal) => Promise<Answer>,
): Promise<string> {
  const signal = AbortSignal.timeout(MIRROR_MS_MAX);
  let meter: Meter | undefined;
  let outcome = "complete";
  try {
    meter = new Meter({ caller: MIRROR_CALLER, endpoint: "mirror", asked, requestId });
    const { events } = await ask(meter, signal);
    for await (const event of events) {
      if (event.type === "generation-error") outcome = event.code;
    }
    if (signal.aborted) outcome = "timeout";
  } catch (thrown) {
    outcome = signal.aborted ? "timeout" : toAppError(thrown).code;
    if (!isAppError(thrown) && !signal.aborted)
      log.warn({ err: thrown, requestId }, "request not mirrored");
  }
  if (outcome !== "complete") meter?.fail(outcome);
  meter?.close(outcome);
  return outcome;
}
