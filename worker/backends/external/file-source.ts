import { stat } from "node:fs/promises";
import { type ReadOptions, readModelsFile } from "@/lib/models-file/read-models-file";
import { UPSTREAM_WATCH_INTERVAL_MS } from "@/lib/upstream-limits";
import { wait } from "@/lib/util/wait";
import type { ModelSource } from "./model-source";

export type FileSourceOptions = ReadOptions & {
  /** Between two looks; other than the system's for tests. */
  intervalMs?: number;
};

/**
 * The file that `--config` names. It is looked at again and again instead of being watched: editors and
 * container runtimes put another file in its place, of which a watch on the old one hears nothing.
 */
export class FileSource implements ModelSource {
  readonly #options: FileSourceOptions;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  async read() {
    return readModelsFile(this.#options);
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    // It ends with the abort alone.
    void this.#look(onChange, signal).catch(() => undefined);
  }

  async #look(onChange: () => void, signal: AbortSignal): Promise<void> {
    let before = await this.#state();
    for (;;) {
      await wait(this.#options.intervalMs ?? UPSTREAM_WATCH_INTERVAL_MS, signal);
      const now = await this.#state();
      if (now !== before && now !== "") onChange();
      // One that is gone for a moment, while it is replaced, is no change by itself.
      if (now !== "") before = now;
    }
  }

  /** What differs when another text stands there; empty where no file is. */
  async #state(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#options.path);
      return `${mtimeMs} ${size} ${ino}`;
    } catch {
      return "";
    }
  }
}
