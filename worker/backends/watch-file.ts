import { stat } from "node:fs/promises";
import { UPSTREAM_WATCH_INTERVAL_MS } from "@/lib/upstream-limits";
import { wait } from "@/lib/util/wait";

export type WatchFileOptions = {
  path: string;
  /** Between two looks; other than the system's for tests. */
  intervalMs?: number;
};

/**
 * Tells of each change of a file, until the signal aborts. It is looked at again and again instead of being
 * watched: editors and container runtimes put another file in its place, of which a watch on the old one hears
 * nothing.
 */
export function watchFile(
  options: WatchFileOptions,
  onChange: () => void,
  signal: AbortSignal,
): void {
  // It ends with the abort alone.
  void look(options, onChange, signal).catch(() => undefined);
}

async function look(
  { path, intervalMs = UPSTREAM_WATCH_INTERVAL_MS }: WatchFileOptions,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  let before = await readState(path);
  for (;;) {
    await wait(intervalMs, signal);
    const now = await readState(path);
    if (now !== before && now !== "") onChange();
    // One that is gone for a moment, while it is replaced, is no change by itself.
    if (now !== "") before = now;
  }
}

/** What differs when another text stands there; empty where no file is. */
async function readState(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
}
