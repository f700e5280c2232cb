import { assert } from "@/lib/util/assert";
import type { BlockShape } from "./weight-form";

/** Rows of codes and the scales that turn them back into weights. */
export type QuantizedRows = { codes: Uint8Array; scales: Float32Array };

export type BlockTarget = BlockShape & { columns: number; scaleOffset: number; codeOffset: number };

/** Bytes that one row's codes take: whole blocks, the last one padded. */
export function toRowBytes(columns: number, { bits, blockSize }: BlockShape): number {
  return (Math.ceil(columns / blockSize) * blockSize * bits) / 8;
}

/**
 * Quantises rows in the layout of MatMulNBits: blocks along a row, unsigned codes around a fixed
 * middle (8 or 128), two 4-bit codes a byte with the first in the low half. 4-bit scales take the
 * weight of largest size to code 0, like Q4_0, so that all sixteen codes are used.
 */
export function quantizeBlocks(rows: Float32Array, target: BlockTarget, into: QuantizedRows): void {
  const { bits, blockSize, columns } = target;
  let codeOffset = target.codeOffset;
  let scaleOffset = target.scaleOffset;
  for (let start = 0; start < rows.length; start += columns) {
    for (let from = start; from < start + columns; from += blockSize) {
      const block = rows.subarray(from, Math.min(from + blockSize, start + columns));
      const scale = bits === 4 ? toFourBitScale(block) : largestSize(block) / 127;
      into.scales[scaleOffset++] = scale;
      const inverse = scale === 0 ? 0 : 1 / scale;
      const codes = into.codes.subarray(codeOffset, codeOffset + (blockSize * bits) / 8);
      if (bits === 4) writeFourBitCodes(block, inverse, codes);
      else writeEightBitCodes(block, inverse, codes);
      codeOffset += codes.length;
    }
  }
  assert(codeOffset <= into.codes.length && scaleOffset <= into.scales.length, "rows fit");
}

/** The signed weight of largest size over -8. */
export function toFourBitScale(block: Float32Array): number {
  let largest = 0;
  let size = 0;
  for (let index = 0; index < block.length; index++) {
    const value = block[index] ?? 0;
    const magnitude = value < 0 ? -value : value;
    if (magnitude > size) {
      size = magnitude;
      largest = value;
    }
  }
  return largest / -8;
}

export function largestSize(block: Float32Array): number {
  let size = 0;
  for (let index = 0; index < block.length; index++) {
    const value = block[index] ?? 0;
    const magnitude = value < 0 ? -value : value;
    if (magnitude > size) size = magnitude;
  }
  return size;
}

function writeFourBitCodes(block: Float32Array, inverse: number, codes: Uint8Array): void {
  // Missing weights of a padded block are zero, which is code 8.
  for (let index = 0; index < codes.length; index++) {
    const low = toFourBitCode((block[2 * index] ?? 0) * inverse);
    const high = toFourBitCode((block[2 * index + 1] ?? 0) * inverse);
    codes[index] = low | (high << 4);
  }
}

/** Halves round up: `| 0` after adding 8.5 truncates a positive number. */
export function toFourBitCode(scaled: number): number {
  const code = (scaled + 8.5) | 0;
  return code > 15 ? 15 : code;
}

function writeEightBitCodes(block: Float32Array, inverse: number, codes: Uint8Array): void {
  for (let index = 0; index < codes.length; index++) {
    codes[index] = ((block[index] ?? 0) * inverse + 128.5) | 0;
  }
}

/** One scale a row, signed codes (-127 … 127), rows kept as they lie. */
export function quantizeRows(
  rows: Float32Array,
  columns: number,
): { codes: Int8Array; scales: Float32Array } {
  const scales = new Float32Array(rows.length / columns);
  const codes = new Int8Array(rows.length);
  for (let row = 0; row < scales.length; row++) {
    const values = rows.subarray(row * columns, (row + 1) * columns);
    const scale = largestSize(values) / 127;
    scales[row] = scale;
    const inverse = scale === 0 ? 0 : 1 / scale;
    const offset = row * columns;
    for (let index = 0; index < columns; index++) {
      codes[offset + index] = (((values[index] ?? 0) * inverse + 128.5) | 0) - 128;
    }
  }
  return { codes, scales };
}
