import { WEIGHT_FORMS } from "@/lib/engine/onnx/model-files";
import { readVariable } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import type { HubModelName } from "@/lib/hub/download-model";
import { ensureModel } from "@/lib/hub/ensure-model";
import { HUBS } from "@/lib/hub/hubs";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";

export type BringOptions = {
  /** Folder of models. */
  parent: string;
  weights: string | undefined;
  log: Log;
  signal: AbortSignal;
};

/**
 * The folder of a model of the hub, downloaded on the way to serving it. A line of the log tells each tenth.
 *
 * @throws StartError for what a person has to mend; a hub that is away for the moment is one, since a worker's
 * keeper starts it again with pauses.
 */
export async function bringModel(
  { repo, revision }: HubModelName,
  { parent, weights, log, signal }: BringOptions,
): Promise<string> {
  const { make, tokens, endpoint } = HUBS.huggingface;
  const token = tokens.map(readVariable).find((it) => it !== undefined);
  const url = endpoint && readVariable(endpoint);
  let tenth = -1;
  try {
    return await ensureModel({
      ...{ hub: make({ url, token }), repo, revision, parent, weights, signal },
      preferred: WEIGHT_FORMS.map(({ file }) => file),
      onProgress: ({ bytes, bytesTotal }) => {
        const now = bytesTotal === 0 ? 10 : Math.floor((10 * bytes) / bytesTotal);
        if (now <= tenth) return;
        tenth = now;
        log.info({ repo, bytes, bytesTotal }, `downloading the model, ${now * 10} %`);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!isAppError(error)) throw error;
    throw new StartError({
      message: error.message,
      remedy: "`npx parley models download --help` tells of tokens, mirrors and weights.",
      cause: error,
    });
  }
}
