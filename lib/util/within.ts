/** What was waited for took too long; it may still come to an end by itself. */
export class LateError extends Error {}

/**
 * The outcome of `work`, which goes on by itself when it takes longer than `ms`.
 *
 * @throws LateError with `message`
 */
export async function within<T>(work: Promise<T>, ms: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new LateError(message)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
