import type { SamplingParameters } from "./sampling-parameters";

/**
 * Makes a token that was already seen less likely (above 1) or more likely (below 1), whatever the
 * sign of its logit: Keskar et al., "CTRL" (2019), section 4.1, with the sign handled as Hugging Face
 * and vLLM do.
 */
export function applyRepetitionPenalty(logit: number, penalty: number): number {
  return logit > 0 ? logit / penalty : logit * penalty;
}

/**
 * OpenAI's two penalties for a token that stands `count` times in the answer, `count` above 0:
 * `logit − count · frequency − presence` (API reference, "Frequency and presence penalties").
 */
export function applyOutputPenalties(
  logit: number,
  count: number,
  penalties: Pick<SamplingParameters, "presencePenalty" | "frequencyPenalty">,
): number {
  return logit - count * penalties.frequencyPenalty - penalties.presencePenalty;
}
