export type BackoffOptions = { firstMs: number; longestMs: number };

/** Exponential back-off with full jitter above one half, so that children that died together do not return together. */
export function backoffMs(attempt: number, options: BackoffOptions, random = Math.random): number {
  const ceiling = Math.min(options.longestMs, options.firstMs * 2 ** Math.min(attempt, 30));
  return ceiling * (0.5 + random() / 2);
}
