import { AssertionError } from "node:assert";

/**
 * States an invariant. A failure is a bug of ours, never a caller's mistake: it becomes a 500 and is
 * not caught to go on.
 *
 * @throws AssertionError
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError({ message, stackStartFn: assert });
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionError({ message: `unreachable value: ${JSON.stringify(value)}` });
}
