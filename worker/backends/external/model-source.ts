import type { ModelProblem } from "@/lib/protocol/external-models";
import type { ExternalModel } from "@/lib/protocol/model-entry";

/** What a source says: its models, and sentences for the operator that keep nobody from starting. */
export type SourceReading<Model = ExternalModel> = {
  models: Model[];
  warnings: string[];
  /** Models that it names and that cannot be served, with the reason. */
  problems?: readonly { name: string; problem: ModelProblem }[];
};

/**
 * Where the models of a worker come from: a file (`file-source.ts`), or the platform itself
 * (`platform-source.ts`).
 */
export interface ModelSource<Model = ExternalModel> {
  /** @throws StartError naming every fault with its place and remedy. */
  read(): Promise<SourceReading<Model>>;
  /** Told whenever another reading may say something else, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;
  /**
   * Hears what is wrong with a model, and (null) that nothing is any more. A source that has this keeps its
   * models apart: one that cannot be served, or is not there yet, keeps none of the others away.
   */
  tell?(name: string, problem: ModelProblem | null): void;
}
