import { type ReadOptions, readModelsFile } from "@/lib/models-file/read-models-file";
import type { ExternalModel } from "@/lib/protocol/model-entry";
import type { ListedSource } from "../listed-models";
import { type WatchFileOptions, watchFile } from "../watch-file";

export type FileSourceOptions = ReadOptions & WatchFileOptions;

/** The file that `--config` names. */
export class FileSource implements ListedSource<ExternalModel> {
  readonly #options: FileSourceOptions;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  async read() {
    return readModelsFile(this.#options);
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    watchFile(this.#options, onChange, signal);
  }
}
