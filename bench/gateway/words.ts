import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";

/** Those that answer behind a gateway say the same words in the same way, whatever they say them in. */

/** Repeats what it is told, a word a turn of the event loop. */
export const ECHO = "echo";
/** Says words slowly until it is released. */
export const HELD = "held";
const HELD_PACE_MS = 200;
/** Of a stream that was held so many words or a multiple of it, so that one that lost some is told from a whole one. */
export const HELD_WORDS_STEP = 10;
/** Nobody is held for longer, whoever forgot to release them. */
const HELD_MS_MAX = 120_000;

let releases = 0;

/** Streams that are held now say the rest of their step and end. */
export function releaseWords(): void {
  releases += 1;
}

/** @param tell takes a word, and returns whether anybody listens still. */
export async function sayWords(
  { model, prompt }: { model: string; prompt: string },
  tell: (word: string) => boolean,
): Promise<void> {
  if (model.endsWith(HELD)) return await sayUntilReleased(tell);
  for (const word of prompt.match(/\s?\S+/g) ?? []) {
    // As our mock worker waits.
    await turn();
    if (!tell(word)) return;
  }
}

async function sayUntilReleased(tell: (word: string) => boolean): Promise<void> {
  const before = releases;
  const endMs = performance.now() + HELD_MS_MAX;
  for (let count = 1; ; count++) {
    const isReleased = releases > before || performance.now() > endMs;
    if (isReleased) await turn();
    else await wait(HELD_PACE_MS);
    if (!tell(" word")) return;
    if (isReleased && count % HELD_WORDS_STEP === 0) return;
  }
}
