import type { TokenMask } from "../grammar/grammar";
import type { AdjustedLogits } from "./adjusted-logits";
import { AllowedSums, type MaskedRow, pickAllowed } from "./allowed-tokens";
import { type BlockRow, drawFromBlocks, toBlockSums } from "./block-sums";
import { type Candidates, toCandidates } from "./candidates";
import { randomAt } from "./counter-random";
import { drawById, drawByRank, expectUsableRow, type Row, toRow, weighRow } from "./full-row";
import { pickHighest } from "./pick-highest";
import type { SamplingParameters } from "./sampling-parameters";
import type { SamplingState } from "./sampling-state";
import { ScratchArray } from "./scratch-array";
import type { TokenLogits } from "./token-logits";
import { countAllowed, isAllowed, listAllowed } from "./token-mask";
import { drawFromCandidates, isTruncated, type MassBounds } from "./truncation";

/**
 * The sampler under a grammar's mask: what the mask does not allow has a logit of -Infinity, and every
 * further step is as in `sampler.ts`. Masks are either short, as between the values of a JSON text, or
 * allow nearly everything, as within its strings; neither needs the whole row:
 *
 * - few allowed tokens are taken out of the row and decide among themselves;
 * - of many, the graph's list holds enough, greedy or truncated;
 * - of many, a draw without truncation is a draw from the whole row that is repeated until it is
 *   allowed. That is exact: whatever was drawn and thrown away before, the chance of each token to be
 *   the one drawn and allowed is its own share, so among the allowed ones the shares keep their
 *   proportions. Each repetition takes its own lane of the position's random numbers. After
 *   `REPETITION_MAX` in vain the allowed ones decide among themselves by a fresh lane, which keeps the
 *   proportions too;
 * - what none of these decides goes over the allowed tokens of the row, however many there are.
 *
 * Which of these applies depends on the mask and the request alone, so a graph without lists draws the
 * same tokens, up to the rounding that `sampler.ts` names.
 */

/** So many are taken out of the row and decide in 40 to 60 µs, about what other ways may come to. */
const FEW_ALLOWED_MAX = 2_048;
/**
 * Where an eighth of the mass is allowed, one draw in eight comes to the long way after these. A
 * repetition costs 3 µs, the long way 0.2 to 1 ms.
 */
const REPETITION_MAX = 16;
/** What a list must hold of the mass before all of it is summed up for the list's sake. */
const LISTED_SHARE_MIN = 1 / 4;
/** So many best ones are picked faster than a row is ranked. */
const PICKED_MAX = 256;
/** Far above the rounding of the graph's sums, in single precision over 128 weights each. */
const SUM_ERROR = 1e-4;

const idScratch = new ScratchArray((length) => new Int32Array(length));
const logitScratch = new ScratchArray((length) => new Float64Array(length));

/** All that one draw under a mask depends on. */
export type MaskedDraw = {
  readonly logits: TokenLogits;
  readonly adjusted: AdjustedLogits;
  readonly parameters: SamplingParameters;
  readonly state: SamplingState;
  readonly mask: TokenMask;
  /** The graph's sums where a draw with these parameters uses them. */
  readonly blockRow: BlockRow | undefined;
};

/**
 * @returns undefined when nothing that the mask allows is possible, by the bans or by the model.
 * @throws AppError `internal` when the model gave no usable numbers.
 */
export function sampleMasked(draw: MaskedDraw): number | undefined {
  const { logits, parameters, mask } = draw;
  const vocabularySize = logits.all.length;
  if (!logits.top) expectUsableRow(logits.all);
  if (parameters.temperature === 0) return pickListed(draw) ?? pickHighestAllowed(draw);
  const allowedCount = countAllowed(mask, vocabularySize);
  if (allowedCount <= FEW_ALLOWED_MAX) return sampleAllowed(draw);
  if (!isTruncated(parameters, vocabularySize)) return drawUntilAllowed(draw);
  return drawListed(draw, allowedCount) ?? sampleAllowed(draw);
}

function toRandom({ parameters, state }: MaskedDraw, lane: number): number {
  return randomAt(parameters.seed, state.position, state.choice, lane);
}

/** The most likely allowed token if the graph's list has one. */
function pickListed({ logits, adjusted, mask }: MaskedDraw): number | undefined {
  const { top, all } = logits;
  if (!top) return undefined;
  if (adjusted.count > 0) {
    const candidates = toCandidates(top, adjusted, all.length, mask);
    return candidates.length > 0 ? candidates.ids[0] : undefined;
  }
  for (let rank = 0; rank < top.ids.length; rank++) {
    const id = Number(top.ids[rank] as bigint); // Within bounds by the loop's condition.
    if (isAllowed(mask, id) && top.values[rank] !== Number.NEGATIVE_INFINITY) return id;
  }
  return undefined;
}

/** The most likely allowed token of the whole row; undefined when all of them are impossible. */
function pickHighestAllowed(draw: MaskedDraw): number | undefined {
  // Asserts that there is one, which the list's token above says by itself.
  countAllowed(draw.mask, draw.logits.all.length);
  return pickAllowed(toMaskedRow(draw), 1)[0];
}

function toMaskedRow({ logits, adjusted, mask }: MaskedDraw): MaskedRow {
  const { all } = logits;
  const counted = adjusted.count === 0 ? all : toRow(all, adjusted);
  return { logits: counted, size: all.length, mask };
}

/** The allowed tokens, taken out of the row, decide among themselves. */
function sampleAllowed(draw: MaskedDraw): number | undefined {
  const { logits, parameters } = draw;
  const allowed = takeAllowed(draw);
  if (!allowed) return undefined;
  const { ids, row } = allowed;
  const random = toRandom(draw, 0);
  // Indices of the row are those of the ids, and in the same order.
  return isTruncated(parameters, logits.all.length)
    ? ids[drawByRank(row, parameters, random)]
    : ids[drawById(row, weighRow(row), random)];
}

/** The allowed tokens as a row of their own; undefined when all of them are impossible. */
function takeAllowed({
  logits,
  adjusted,
  parameters,
  mask,
}: MaskedDraw): { ids: Int32Array; row: Row } | undefined {
  const { all } = logits;
  const ids = idScratch.take(all.length);
  const values = logitScratch.take(all.length);
  const size = listAllowed(mask, all.length, ids);
  const isRaw = adjusted.count === 0;
  for (let index = 0; index < size; index++) {
    const id = ids[index] as number; // Within the first `size`.
    values[index] = isRaw ? (all[id] as number) : adjusted.get(id); // One of the vocabulary.
  }
  const highest = values[pickHighest(values, size)] as number; // An index of the row.
  if (highest === Number.NEGATIVE_INFINITY) return undefined;
  return { ids, row: { logits: values, size, highest, temperature: parameters.temperature } };
}

/** Draws from the whole row until the mask allows what was drawn. */
function drawUntilAllowed(draw: MaskedDraw): number | undefined {
  const drawOnce = toRepeatableDraw(draw);
  for (let lane = 0; drawOnce && lane < REPETITION_MAX; lane++) {
    const id = drawOnce(toRandom(draw, lane));
    if (id !== undefined && isAllowed(draw.mask, id)) return id;
  }
  const row = toMaskedRow(draw);
  const [best] = pickAllowed(row, 1);
  if (best === undefined) return undefined;
  const highest = row.logits[best] as number; // One of the row.
  const sums = new AllowedSums(row, highest, draw.parameters.temperature);
  return sums.draw(toRandom(draw, REPETITION_MAX));
}

/** Draws without mask and truncation, all from the same sums; undefined when no token is possible. */
function toRepeatableDraw(draw: MaskedDraw): ((random: number) => number | undefined) | undefined {
  const { logits, adjusted, parameters, blockRow } = draw;
  const sums = blockRow && toBlockSums(blockRow);
  if (sums) return (random) => drawFromBlocks(blockRow, sums, random);
  const { all } = logits;
  const values = toRow(all, adjusted);
  const highest = values[pickHighest(values, all.length)] as number; // An index of the row.
  if (highest === Number.NEGATIVE_INFINITY) return undefined;
  const row = { logits: values, size: all.length, highest, temperature: parameters.temperature };
  const total = weighRow(row);
  return (random) => drawById(row, total, random);
}

/** A truncated draw from the best of the allowed tokens; undefined when these do not decide. */
function drawListed(draw: MaskedDraw, allowedCount: number): number | undefined {
  const { logits, adjusted, parameters, mask, blockRow } = draw;
  const { temperature, topK } = parameters;
  const random = toRandom(draw, 0);
  if (logits.top) {
    const candidates = toCandidates(logits.top, adjusted, logits.all.length, mask);
    const bounds = () => blockRow && toMassBounds(draw, blockRow, candidates);
    const exact = () => {
      const likely = bounds();
      if (!likely || likely.min < LISTED_SHARE_MIN * likely.max) return undefined;
      const highest = candidates.logits[0] as number; // Asked only of a list that has a first.
      const { mass } = new AllowedSums(toMaskedRow(draw), highest, temperature);
      return { min: mass, max: mass };
    };
    const massesOfAll = [bounds, exact];
    const id = drawFromCandidates(candidates, parameters, { allowedCount, random, massesOfAll });
    if (id !== undefined) return id;
  }
  if (topK === 0 || topK > PICKED_MAX) return undefined;
  const row = toMaskedRow(draw);
  const picked = pickAllowed(row, topK);
  const best = {
    ids: Int32Array.from(picked),
    logits: Float64Array.from(picked, (id) => row.logits[id] as number), // Tokens of the row.
    ...{ length: picked.length, restLogitMax: Number.NEGATIVE_INFINITY },
  };
  return drawFromCandidates(best, parameters, { allowedCount, random, massesOfAll: [] });
}

/**
 * What the graph's sums say of the mass of the allowed tokens, relative to the first candidate: no more
 * than that of all tokens without the listed ones that are not allowed.
 */
function toMassBounds(
  { logits, adjusted, mask }: MaskedDraw,
  blockRow: BlockRow,
  candidates: Candidates,
): MassBounds | undefined {
  const sums = toBlockSums(blockRow);
  const { top } = logits;
  if (!top || !sums) return undefined;
  const { highest, temperature } = blockRow;
  const first = candidates.logits[0] as number; // Asked only of a list that has a first.
  let min = 0;
  for (let rank = 0; rank < candidates.length; rank++) {
    min += Math.exp(((candidates.logits[rank] as number) - first) / temperature);
  }
  let max = sums.total * (1 + SUM_ERROR) * Math.exp((highest - first) / temperature);
  for (let rank = 0; rank < top.ids.length; rank++) {
    const id = Number(top.ids[rank] as bigint); // Within bounds by the loop's condition.
    if (adjusted.has(id) || isAllowed(mask, id)) continue;
    max -= Math.exp(((top.values[rank] as number) - first) / temperature);
  }
  // Infinity or NaN when the likely tokens are beyond all comparison with the allowed ones.
  return Number.isFinite(max) ? { min, max } : undefined;
}
