import type { EngineRequest } from "@/lib/engine/engine";
import type { SamplingKind } from "./question";

/**
 * What requests ask of the sampler. The logits of the models here have a standard deviation of 4, as
 * trained ones have: at temperature 0.5 few tokens hold nine tenths of the probability, at 1.5 tens of
 * thousands do.
 */
export const SAMPLINGS: Record<
  SamplingKind,
  Pick<EngineRequest, "sampling" | "logProbabilityCount">
> = {
  greedy: { sampling: { temperature: 0 } },
  temperature: { sampling: { temperature: 1, topP: 1 } },
  "top-p": { sampling: { temperature: 0.5, topP: 0.9 } },
  "flat top-p": { sampling: { temperature: 1.5, topP: 0.95 } },
  "log-probabilities": { sampling: { temperature: 0 }, logProbabilityCount: 5 },
  penalties: { sampling: { temperature: 0.5, frequencyPenalty: 0.5, repetitionPenalty: 1.1 } },
};
