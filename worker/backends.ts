import type { BackendKind } from "@/lib/protocol/worker-card";
import type { Backend } from "./backend";
import { createMockBackend } from "./backends/mock";
import { createOnnxBackend } from "./backends/onnx";
import type { Flags } from "./flags";

export type BackendOptions = {
  /** Folders, or the names of sentinels for kind mock. */
  models: readonly string[];
  slots: number;
  threads: number;
  engine: Flags["engine"];
};

/** Every kind of worker and what makes its backend. */
export const BACKENDS: Record<BackendKind, (options: BackendOptions) => Promise<Backend>> = {
  onnx: ({ models, slots, threads, engine }) =>
    createOnnxBackend({
      ...engine,
      modelFolders: models,
      slots,
      threads,
      // In the bundle, where this runs, the thread's program lies beside the worker's.
      threadUrl: new URL("./engine-thread.mjs", import.meta.url),
    }),
  mock: async ({ models, slots }) => createMockBackend({ models, slots }),
};
