import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import type { EngineCall, EngineReply } from "./engine-messages";

/** A model that an engine's thread has loaded, of whichever kind. */
export interface ServedModel {
  /** The folder's own, then those of adapters over it. */
  readonly offers: readonly ModelOffer[];
  /** Requests at once. */
  readonly slotCount: number;
  readonly memory: { summary: string; bytes: number };
  /** Passes of the graph so far; absent where no answer lasts longer than a few of them. */
  passCount?(): number;
  /** What its graph was found to be, and how it is served; a sentence for the log. */
  readonly form?: string | undefined;
  readonly warnings: readonly string[];
  /** @throws AppError also for what a model of this kind cannot do. */
  generate(request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateEvent>;
  /** @throws AppError also for what a model of this kind cannot do. */
  answer(
    call: Exclude<EngineCall, { type: "generate" }>,
    signal: AbortSignal,
  ): Promise<EngineReply>;
  close(): Promise<void>;
}
