import type { Meter } from "./meter";

/**
 * A request as a line of the log may tell it: ids, numbers and names that keepers gave. Never what was
 * said, and no word of a client's: the model it asked for is named once that led to one.
 */
export function describeMeter(meter: Meter): Record<string, string | number | undefined> {
  const { caller, model, firstTokenMs } = meter;
  return {
    answerId: meter.id,
    endpoint: meter.endpoint,
    asked: model === undefined ? undefined : meter.asked,
    model,
    workerId: meter.workerId,
    // Whose cookie it was is nobody's business.
    owner: caller.owner.startsWith("visitor:") ? "visitor" : caller.owner,
    key: caller.key?.prefix,
    outcome: meter.outcome,
    queuedMs: Math.round(meter.queuedMs),
    firstTokenMs: firstTokenMs === undefined ? undefined : Math.round(firstTokenMs),
    durationMs: meter.durationMs === undefined ? undefined : Math.round(meter.durationMs),
    promptTokens: meter.promptTokens,
    cachedPromptTokens: meter.cachedPromptTokens,
    completionTokens: meter.completionTokens,
    attempts: meter.attempts,
    resumptions: meter.resumptions,
  };
}
