/**
 * How the weights of the linear layers are kept:
 *
 * - `fp32`, `fp16`: as they are; in fp16 the whole graph computes in half precision.
 * - `int8-block32` and the like: MatMulNBits, one scale for so many weights of a row; activations are
 *   quantised to int8 in the kernel, row by row and block by block (accuracy level 4).
 * - `int8-rows`: one scale a row of weights and one a token (MatMulIntegerToFloat).
 * - `int8-dynamic`: one scale a row of weights and one for all activations of the step
 *   (DynamicQuantizeLinear, MatMulInteger), so a token's numbers depend on who else is in the batch.
 *
 * What they cost, in Qwen2.5-0.5B's dimensions on two AVX-512 cores, in milliseconds; llama.cpp's
 * Q4_0 in the same minutes, while nothing else ran:
 *
 *     form            one token   eight sequences   prompt of 512
 *     Q4_0                14.3              77.8            1,589
 *     int4-block32        14.1              42.9            1,663
 *     int4-block128        9.6              32.5            1,266
 *     int8-block128          -              35.2            1,181
 *     int8-rows              -              33.3              859
 *
 * Larger blocks mean fewer scales to read and to apply: blocks of 128 run at four fifths or more of
 * the memory's bandwidth for one token, blocks of 32 at two thirds to three quarters.
 */
export type BlockForm = `int${4 | 8}-block${16 | 32 | 64 | 128 | 256}`;
export type WeightForm = "fp32" | "fp16" | "int8-rows" | "int8-dynamic" | BlockForm;

export type BlockShape = { bits: 4 | 8; blockSize: number };

/** Bits and block size of a block form; undefined for the others. */
export function findBlockShape(form: WeightForm): BlockShape | undefined {
  const match = /^int([48])-block(\d+)$/.exec(form);
  if (!match) return undefined;
  return { bits: match[1] === "4" ? 4 : 8, blockSize: Number(match[2]) };
}

/** The hub's name for a graph of this form, one of those that `readModelFiles` looks for. */
export function toGraphFile(form: WeightForm): string {
  if (form === "fp32") return "model.onnx";
  if (form === "fp16") return "model_fp16.onnx";
  const shape = findBlockShape(form);
  if (shape) return shape.bits === 4 ? "model_q4.onnx" : "model_q8.onnx";
  return form === "int8-dynamic" ? "model_quantized.onnx" : "model_int8.onnx";
}
