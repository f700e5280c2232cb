/** From so many seconds on a wait is told in minutes. */
const SECONDS_MAX = 120;

/** When to try again: `30` → "in 30 s", `3600` → "in 60 min"; what nobody told is "later". */
export function toWaitWords(seconds: number | undefined): string {
  if (seconds === undefined) return "later";
  return seconds <= SECONDS_MAX
    ? `in ${Math.ceil(seconds)} s`
    : `in ${Math.ceil(seconds / 60)} min`;
}
