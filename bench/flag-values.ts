/** Values of the benchmarks' flags; what is none of them throws with what the flag takes. */

export function pickOne<T extends string>(flag: string, name: string, known: readonly T[]): T {
  const found = known.find((it) => it === name);
  if (found !== undefined) return found;
  throw new Error(`--${flag} takes ${known.join(", ")}; got "${name}".`);
}

export function toCount(flag: string, value: string, highest: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= highest) return number;
  throw new Error(`--${flag} takes whole numbers from 1 to ${highest}; got "${value}".`);
}
