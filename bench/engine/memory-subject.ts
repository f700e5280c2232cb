import { type Answer, type Opener, refuse } from "./question";

/** Far above any last-level cache, so that every pass comes from memory. */
const BUFFER_BYTES = 512 * 2 ** 20;

/**
 * Ways of walking through memory that Node hands to the C library's vector code: the search for a byte
 * that is not there (memchr), the comparison of two equal buffers (memcmp) and the copy (memcpy, counted
 * as one read and one write). A loop in JavaScript is bound by arithmetic and shows a third of it.
 */
const WAYS: Record<string, (a: Buffer, b: Buffer) => number> = {
  search: (a) => {
    a.indexOf(1);
    return a.length;
  },
  compare: (a, b) => {
    a.equals(b);
    return a.length + b.length;
  },
  copy: (a, b) => {
    a.copy(b);
    return a.length + b.length;
  },
};

/**
 * Measures how fast memory can be read: the bound of decoding, which reads every weight for every step.
 * One process per core is asked at the same time and their figures are added.
 */
export const openMemory: Opener = async () => {
  // Written once: pages that nobody has written all map to one page of zeros, which the cache holds.
  const [a, b] = [Buffer.alloc(BUFFER_BYTES / 2, 7), Buffer.alloc(BUFFER_BYTES / 2, 7)];
  return async (question) => {
    if (question.kind !== "stream") return refuse(question);
    const rates: Answer = {};
    for (const [name, walk] of Object.entries(WAYS)) {
      const startedAtMs = performance.now();
      let bytes = 0;
      while (performance.now() - startedAtMs < question.durationMs) bytes += walk(a, b);
      rates[name] = (bytes / (performance.now() - startedAtMs)) * 1_000;
    }
    return rates;
  };
};
