import { UNREACHABLE_MODEL_MS } from "@/lib/arena-limits";

/**
 * Models that were found not to answer and still count as awake. Draws leave them out from the beginning:
 * drawing with them and once more without would make each pair's probability another one than is stored.
 */
export class UnreachableModels {
  readonly #now: () => number;
  /** By name; as many as are awake at most. */
  readonly #untilMs = new Map<string, number>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  note(names: readonly string[]): void {
    const nowMs = this.#now();
    for (const [name, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(name);
    for (const name of names) this.#untilMs.set(name, nowMs + UNREACHABLE_MODEL_MS);
  }

  /** Those that may be drawn; all of them where the others are too few for a battle. */
  without<T extends { name: string }>(models: readonly T[]): T[] {
    const nowMs = this.#now();
    const left = models.filter(({ name }) => (this.#untilMs.get(name) ?? 0) <= nowMs);
    return left.length < 2 ? [...models] : left;
  }
}
