/** Time that prompts may take for each unit of time that decode steps take: streams keep half their pace. */
const PREFILL_SHARE = 1;

/** Nobody can leave or come in during a pass; this long is bearable, and as long as a slow decode step. */
const JOINED_PASS_MS_MAX = 1_000;

/**
 * When a chunk of a prompt may run between decode steps. A chunk of a large model takes as long as
 * several steps of everyone who decodes, so chunks run on credit that decode steps earn: as much time
 * for prompts as for streams, whatever either costs on this machine. Only the waiting depends on it;
 * what is computed does not.
 */
export class PrefillPace {
  /** Time for prompts that is still owed (above 0) or still free (below), in milliseconds. */
  #debtMs = 0;

  #msPerToken: number | undefined;

  /** Whether the next chunk may run now. With nobody decoding it always may. */
  mayPrefill(isAnyoneDecoding: boolean): boolean {
    if (!isAnyoneDecoding) this.#debtMs = 0;
    return this.#debtMs <= 0;
  }

  notePrefill(tokenCount: number, durationMs: number): void {
    this.#debtMs += durationMs;
    this.#msPerToken = durationMs / tokenCount;
  }

  /** Chunks that one pass may join: `countMax`, or as many as the last pass says take no longer than a second. */
  countJoined(chunkTokens: number, countMax: number): number {
    if (this.#msPerToken === undefined) return 1;
    const fitting = Math.floor(JOINED_PASS_MS_MAX / (this.#msPerToken * chunkTokens));
    return Math.max(1, Math.min(countMax, fitting));
  }

  /** Credit does not pile up beyond one step: what nobody used is gone. */
  noteDecode(durationMs: number): void {
    const earnedMs = PREFILL_SHARE * durationMs;
    this.#debtMs = Math.max(-earnedMs, this.#debtMs - earnedMs);
  }
}
