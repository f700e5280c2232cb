import { assert } from "@/lib/util/assert";
import { AdjustedLogits } from "./adjusted-logits";
import { type BlockRow, drawFromBlocks, toBlockSums } from "./block-sums";
import { brokenLogits } from "./broken-logits";
import { expectUsable, toCandidates } from "./candidates";
import { randomAt } from "./counter-random";
import { sampleFullRow } from "./full-row";
import { sampleMasked } from "./masked-sampler";
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
 *    likely token (`adjusted-logits.ts`); and a grammar's mask, which nothing outweighs
 *    (`masked-sampler.ts`);
 * 2. temperature, where 0 takes the most likely token that is left;
 * 3. min-p, top-k, top-p, each measured on what the step before it left (`truncation.ts`);
 * 4. the draw: along the ranks where step 3 asks for anything, else along the ids.
 *
 * Of equal tokens the lowest id comes first. Every step leaves at least one token; bans that would
 * leave none are not kept, a mask always is.
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
  const blockRow = toBlockRow(logits, adjusted, parameters);
  const { mask } = state;
  const id = mask
    ? sampleMasked({ logits, adjusted, parameters, state, mask, blockRow })
    : sampleUnmasked(logits, adjusted, parameters, state, blockRow);
  if (id !== undefined) return id;
  if (mask && state.bannedIds.length === 0) throw brokenLogits(Number.NEGATIVE_INFINITY);
  assert(state.bannedIds.length > 0, "only bans and masks can leave no token");
  return sampleToken(logits, parameters, { ...state, bannedIds: [] });
}

/**
 * Whether a draw with these parameters uses the sums of blocks. Who runs the graph asks for them by
 * this and by nothing else, so that a draw does not depend on what its neighbours in a batch asked for.
 */
export function wantsBlockSums(parameters: SamplingParameters): boolean {
  return parameters.temperature > 0 && parameters.topK === 0 && parameters.minP === 0;
}

function toBlockRow(
  { all, top, blocks }: TokenLogits,
  adjusted: AdjustedLogits,
  parameters: SamplingParameters,
): BlockRow | undefined {
  const highest = top?.values[0];
  if (!blocks || highest === undefined || !wantsBlockSums(parameters)) return undefined;
  const { temperature } = parameters;
  return { blocks, adjusted, vocabularySize: all.length, highest, temperature };
}

/** Undefined when bans left no token. */
function sampleUnmasked(
  logits: TokenLogits,
  adjusted: AdjustedLogits,
  parameters: SamplingParameters,
  { position, choice }: SamplingState,
  blockRow: BlockRow | undefined,
): number | undefined {
  const { seed, temperature } = parameters;
  const random = temperature === 0 ? 0 : randomAt(seed, position, choice);
  return (
    sampleFromLists(logits, adjusted, parameters, random, blockRow) ??
    sampleFullRow(logits.all, adjusted, parameters, random)
  );
}

/** Undefined when the lists do not decide. */
function sampleFromLists(
  { all, top }: TokenLogits,
  adjusted: AdjustedLogits,
  parameters: SamplingParameters,
  random: number,
  blockRow: BlockRow | undefined,
): number | undefined {
  if (!top) return undefined;
  const { temperature } = parameters;
  if (temperature === 0 && adjusted.count === 0) return Number(top.ids[0]);
  if (temperature > 0 && !isTruncated(parameters, all.length)) {
    const sums = blockRow && toBlockSums(blockRow);
    return blockRow && sums && drawFromBlocks(blockRow, sums, random);
  }
  const candidates = toCandidates(top, adjusted, all.length);
  if (temperature === 0) return candidates.length > 0 ? candidates.ids[0] : undefined;
  const massOfAll = () => {
    const sums = blockRow && toBlockSums(blockRow);
    if (!sums) return undefined;
    const first = candidates.logits[0] as number; // Asked only of a list that has a first.
    const mass = sums.total * Math.exp((blockRow.highest - first) / temperature);
    return { min: mass, max: mass };
  };
  const options = { allowedCount: all.length, random, massesOfAll: [massOfAll] };
  return drawFromCandidates(candidates, parameters, options);
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
