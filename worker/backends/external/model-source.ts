import type { ExternalModel } from "@/lib/protocol/model-entry";

/** What a source says: its models, and sentences for the operator that keep nobody from starting. */
export type SourceReading = { models: ExternalModel[]; warnings: string[] };

/**
 * Where the models of a worker come from. A file is one (`file-source.ts`); whatever else keeps models and
 * their keys has the same two methods.
 */
export interface ModelSource {
  /** @throws StartError naming every fault with its place and remedy. */
  read(): Promise<SourceReading>;
  /** Told whenever another reading may say something else, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;
}
