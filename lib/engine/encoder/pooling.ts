/**
 * How a text's vector is made of its tokens' last states, as sentence-transformers defines it
 * (`sentence_transformers/models/Pooling.py`). Several in one model are joined one after the other, in
 * this order.
 */
export const POOLING_MODES = [
  ...(["cls", "max", "mean", "mean_sqrt_len", "weightedmean", "lasttoken"] as const),
] as const;
export type PoolingMode = (typeof POOLING_MODES)[number];

/** The states of one text's tokens: `[count, size]` from `offset` on. */
export type TokenStates = {
  data: Float32Array;
  offset: number;
  /** Tokens of the text itself: what stands for padding comes after them and is not looked at. */
  count: number;
  size: number;
};

/** The vector, before it is scaled. Sums are in double precision, whatever the order of the batch. */
export function poolStates(states: TokenStates, modes: readonly PoolingMode[]): Float64Array {
  const { size } = states;
  const pooled = new Float64Array(size * modes.length);
  for (const [index, mode] of modes.entries()) {
    poolOne(states, mode, pooled.subarray(index * size, (index + 1) * size));
  }
  return pooled;
}

function poolOne(states: TokenStates, mode: PoolingMode, target: Float64Array): void {
  const { data, offset, count, size } = states;
  if (mode === "cls" || mode === "lasttoken") {
    const start = offset + (mode === "cls" ? 0 : count - 1) * size;
    target.set(data.subarray(start, start + size));
    return;
  }
  if (mode === "max") {
    target.fill(Number.NEGATIVE_INFINITY);
    forEachState(states, (index, value) => {
      // It keeps a NaN, of which whoever scales the vector then tells.
      target[index] = Math.max(target[index] as number, value);
    });
    return;
  }
  if (mode === "weightedmean") {
    forEachState(states, (index, value, token) => {
      target[index] = (target[index] as number) + value * (token + 1);
    });
    divide(target, (count * (count + 1)) / 2);
    return;
  }
  forEachState(states, (index, value) => {
    target[index] = (target[index] as number) + value;
  });
  divide(target, mode === "mean" ? count : Math.sqrt(count));
}

function forEachState(
  { data, offset, count, size }: TokenStates,
  use: (index: number, value: number, token: number) => void,
): void {
  for (let token = 0; token < count; token++) {
    const start = offset + token * size;
    // Within the array: `count` tokens of `size` numbers begin at `offset`.
    for (let index = 0; index < size; index++) use(index, data[start + index] as number, token);
  }
}

function divide(target: Float64Array, by: number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = (target[index] as number) / by;
  }
}
