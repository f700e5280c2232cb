import type { OnnxGraph } from "../onnx/onnx-model";

/**
 * Graphs that quantise activations round them, and a difference in the last bit of one, as another
 * amount of padding or a row without a partner makes it (`batch-invariance.ts`), can then be one of a
 * hundredth: 3e-5 in a vector with int4 blocks of 128. For them a text's row has a length that follows
 * from the text alone, rounded up to a multiple of this many tokens, which is even, and only rows of one
 * length share a pass. Then a text gets the same bits in any company.
 */
const EXACT_STEP = 4;

/** Operators that round activations, or whose inputs were rounded. */
const ROUNDING = new Set([
  ...["MatMulNBits", "MatMulInteger", "MatMulIntegerToFloat", "QLinearMatMul", "QGemm"],
  ...["QuantizeLinear", "DynamicQuantizeLinear", "DynamicQuantizeMatMul", "QAttention"],
]);

/** What row lengths of the graph are multiples of; 1 for one in which padding changes last bits only. */
export function pickLengthStep(graph: OnnxGraph): number {
  return rounds(graph) ? EXACT_STEP : 1;
}

function rounds({ node }: OnnxGraph): boolean {
  return node.some(
    ({ opType, attribute = [] }) =>
      ROUNDING.has(opType) || attribute.some((it) => it.g && rounds(it.g)),
  );
}

/** The length of a row for a text of so many tokens. */
export function toRowLength(
  tokenCount: number,
  { lengthStep, contextLength }: { lengthStep: number; contextLength: number },
): number {
  const rounded = Math.ceil(tokenCount / lengthStep) * lengthStep;
  return Math.max(tokenCount, Math.min(rounded, contextLength));
}
