import { toHalf, toHalves } from "./half-float";
import { largestSize, toFourBitCode, toFourBitScale } from "./quantize";

/**
 * Tensor types of GGUF that are written here: numbers as they are, or blocks of 32 weights behind one
 * half-precision scale. A row is a whole number of blocks. Layouts and type numbers are those of the
 * GGUF specification (`docs/gguf.md` in the ggml repository) and of `block_q4_0` and `block_q8_0` in
 * `ggml-common.h`.
 */
export const GGUF_TYPES = {
  F32: { id: 0, fileType: 0, blockSize: 1, blockBytes: 4 },
  F16: { id: 1, fileType: 1, blockSize: 1, blockBytes: 2 },
  Q4_0: { id: 2, fileType: 2, blockSize: 32, blockBytes: 18 },
  Q8_0: { id: 8, fileType: 7, blockSize: 32, blockBytes: 34 },
} as const;

export type GgufType = keyof typeof GGUF_TYPES;

const BLOCK_SIZE = 32;

export function encodeWeights(values: Float32Array, type: GgufType): Uint8Array {
  switch (type) {
    case "F32":
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    case "F16":
      return new Uint8Array(toHalves(values).buffer);
    case "Q4_0":
      return encodeBlocks(values, GGUF_TYPES.Q4_0.blockBytes, encodeFourBits);
    case "Q8_0":
      return encodeBlocks(values, GGUF_TYPES.Q8_0.blockBytes, encodeEightBits);
  }
}

function encodeBlocks(
  values: Float32Array,
  blockBytes: number,
  encode: (block: Float32Array, into: Uint8Array) => void,
): Uint8Array {
  const blockCount = values.length / BLOCK_SIZE;
  const bytes = new Uint8Array(blockCount * blockBytes);
  for (let index = 0; index < blockCount; index++) {
    const block = values.subarray(index * BLOCK_SIZE, (index + 1) * BLOCK_SIZE);
    encode(block, bytes.subarray(index * blockBytes, (index + 1) * blockBytes));
  }
  return bytes;
}

/** Weight `i` in the low half of byte `i`, weight `i + 16` in its high half; codes around 8. */
function encodeFourBits(block: Float32Array, into: Uint8Array): void {
  const scale = toFourBitScale(block);
  writeScale(scale, into);
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let index = 0; index < 16; index++) {
    const low = toFourBitCode((block[index] ?? 0) * inverse);
    const high = toFourBitCode((block[index + 16] ?? 0) * inverse);
    into[index + 2] = low | (high << 4);
  }
}

/** Signed codes. */
function encodeEightBits(block: Float32Array, into: Uint8Array): void {
  const scale = largestSize(block) / 127;
  writeScale(scale, into);
  const inverse = scale === 0 ? 0 : 1 / scale;
  for (let index = 0; index < BLOCK_SIZE; index++) {
    // Adding 128.5 rounds what lies within ±127 by truncation.
    into[index + 2] = (((block[index] ?? 0) * inverse + 128.5) | 0) - 128;
  }
}

function writeScale(scale: number, into: Uint8Array): void {
  const half = toHalf(scale);
  into[0] = half & 0xff;
  into[1] = half >>> 8;
}
