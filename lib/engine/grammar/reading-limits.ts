import { GRAMMAR_PROPERTIES_MAX, GRAMMAR_READ_MS_MAX } from "@/lib/limits";
import { refuse } from "./refusal";

/** What is left to the grammar that is being read. Reading waits for nothing, so a thread is at one at a time. */
let present: { until: number; properties: Set<string> } | undefined;

/**
 * Reads a grammar within the time that others can wait for it.
 *
 * @throws AppError `invalid-request` from one of the functions below, wherever it is called in `read`.
 */
export function readWithinLimits<Result>(read: () => Result): Result {
  present = { until: performance.now() + GRAMMAR_READ_MS_MAX, properties: new Set() };
  try {
    return read();
  } finally {
    present = undefined;
  }
}

/** Called for each part of a grammar, before it is read. */
export function expectTimeLeft(): void {
  if (!present || performance.now() < present.until) return;
  throw refuse(
    `The grammar takes longer than ${GRAMMAR_READ_MS_MAX / 1_000} seconds to be read. Take fewer parts, shorter lists and simpler patterns.`,
  );
}

/** Called for each property of characters, before it is looked up. */
export function expectRoomForProperty(name: string): void {
  if (!present) return;
  present.properties.add(name);
  if (present.properties.size > GRAMMAR_PROPERTIES_MAX) {
    throw refuse(
      `The grammar names more than ${GRAMMAR_PROPERTIES_MAX} properties of characters; write ranges instead.`,
    );
  }
}
