import type { ExternalModel } from "@/lib/protocol/model-entry";
import type { Log } from "@/lib/telemetry/log";
import { UPSTREAM_CONTEXT_LENGTH_DEFAULT } from "@/lib/upstream-limits";
import type { Backend } from "../backend";
import { ServedExternal } from "./external/served-external";
import { createListedBackend, type ListedSource } from "./listed-models";

/** Models of external providers, through the language-model interface of the Vercel AI SDK (decision 0054). */

export type ExternalOptions = {
  source: ListedSource<ExternalModel>;
  /** Names of the entries to serve; none means all. */
  only: readonly string[];
  slots: number;
  log: Log;
};

/** @throws StartError for a source that cannot be read, or a file that has nothing to serve. */
export async function createExternalBackend(options: ExternalOptions): Promise<Backend> {
  const { log } = options;
  return await createListedBackend({
    ...{ ...options, kind: "external" },
    nameOf: ({ entry }) => entry.name,
    load: async (model, { onProblem }) => {
      const { name, contextLength } = model.entry;
      if (contextLength === undefined) {
        log.warn(
          { model: name },
          `nobody says how long the context of ${name} is, ${UPSTREAM_CONTEXT_LENGTH_DEFAULT} tokens are assumed; set its contextLength`,
        );
      }
      return await ServedExternal.load(model, log, onProblem);
    },
  });
}
