import { assert } from "@/lib/util/assert";
import { AdjustedLogits } from "./adjusted-logits";
import { type BlockRow, type BlockSums, drawFromBlocks, toBlockSums } from "./block-sums";
import { expectUsable, toCandidates } from "./candidates";
import { randomAt } from "./counter-random";
import { sampleFullRow } from "./full-row";
import type { SamplingParameters } from "./sampling-parameters";
import type { SamplingState } from "./sampling-state";
import type { TokenLogits } from "./token-logits";
import { drawFromCandidates, isTruncated } from "./truncation";

export type { SamplingState } from "./sampling-state";

/**
 * Chooses the next token: fully determined by the logits, the parameters and the state. The steps, in
 * the order of vLLM's `Sampler` (and of Hugging Face's processors and warpers where those overlap):
 *
 * 1. logit bias and bans, repetition, then presence and frequency penalties: what can change the most
 *    likely token (`adjusted-logits.ts`);
 * 2. temperature, where 0 takes the most likely token that is left;
 * 3. min-p, top-k, top-p, each measured on what the step before it left (`truncation.ts`);
 * 4. the draw: along the ranks where step 3 asks for anything, else along the ids.
 *
 * Of equal tokens the lowest id comes first. Every step leaves at least one token; bans that would
 * leave none are not kept.
 *
 * The graph's lists decide nearly every token in microseconds. Where they cannot, the whole row does
 * (`full-row.ts`), and the two ways give the same token for the same random number, up to rounding of
 * the graph's sums at the very border between two tokens.
 *
 * @throws AppError `internal` when the model gave no usable numbers.
 */
export function sampleToken(
  logits: TokenLogits,
  parameters: SamplingParameters,
  state: SamplingState,
): number {
  expectPossible(logits, parameters, state);
  if (logits.top) expectUsable(logits.top);
  const adjusted = new AdjustedLogits(logits.all, parameters, state);
  const { seed, temperature } = parameters;
  const random = temperature === 0 ? 0 : randomAt(seed, state.position, state.choice);
  const id =
    sampleFromLists(logits, adjusted, parameters, random) ??
    sampleFullRow(logits.all, adjusted, parameters, random);
  if (id !== undefined) return id;
  assert(state.bannedIds.length > 0, "only bans can leave no token");
  return sampleToken(logits, parameters, { ...state, bannedIds: [] });
}

/**
 * Whether a draw with these parameters uses the sums of blocks. Who runs the graph asks for them by
 * this and by nothing else, so that a draw does not depend on what its neighbours in a batch asked for.
 */
export function wantsBlockSums(parameters: SamplingParameters): boolean {
  return parameters.temperature > 0 && parameters.topK === 0 && parameters.minP === 0;
}

/** Undefined when the lists do not decide. */
function sampleFromLists(
  logits: TokenLogits,
  adjusted: AdjustedLogits,
  parameters: SamplingParameters,
  random: number,
): number | undefined {
  const { top, all } = logits;
  const highest = top?.values[0];
  if (!top || highest === undefined) return undefined;
  const { temperature } = parameters;
  const vocabularySize = all.length;
  if (temperature === 0 && adjusted.count === 0) return Number(top.ids[0]);
  const blocks = wantsBlockSums(parameters) ? logits.blocks : undefined;
  const row: BlockRow | undefined = blocks && {
    ...{ blocks, adjusted, vocabularySize, highest, temperature },
  };
  if (temperature > 0 && !isTruncated(parameters, vocabularySize)) {
    const sums: BlockSums | undefined = row && toBlockSums(row);
    return row && sums && drawFromBlocks(row, sums, random);
  }
  const candidates = toCandidates(top, adjusted, vocabularySize);
  if (temperature === 0) return candidates.length > 0 ? candidates.ids[0] : undefined;
  const massOfAll = () => {
    const total = row && toBlockSums(row)?.total;
    const first = candidates.logits[0] as number; // Asked only of a list that has a first.
    return total === undefined ? undefined : total * Math.exp((highest - first) / temperature);
  };
  return drawFromCandidates(candidates, parameters, { vocabularySize, random, massOfAll });
}

/** Requests are checked where they come in; what is impossible here is a mistake of ours. */
function expectPossible(
  { all, top, blocks }: TokenLogits,
  parameters: SamplingParameters,
  state: SamplingState,
): void {
  const { temperature, topK, topP, minP, repetitionPenalty } = parameters;
  assert(all.length > 0, "there is a vocabulary to choose from");
  assert(temperature >= 0 && Number.isFinite(temperature), "a temperature is 0 or above");
  assert(Number.isInteger(topK) && topK >= 0, "top-k is a count");
  assert(topP >= 0 && topP <= 1, "top-p is a share");
  assert(minP >= 0 && minP <= 1, "min-p is a share");
  assert(repetitionPenalty > 0, "a repetition penalty is above 0");
  assert(Number.isSafeInteger(state.position) && state.position >= 0, "a position is a count");
  assert(Number.isSafeInteger(state.choice) && state.choice >= 0, "a choice is an index");
  if (top) {
    assert(top.values.length > 0 && top.values.length <= all.length, "a list is part of the row");
    assert(top.ids.length === top.values.length, "the graph's list is of pairs");
  }
  if (blocks) {
    const count = Math.ceil(all.length / blocks.blockSize);
    assert(blocks.sums.length === count, "blocks make up the row");
  }
}
