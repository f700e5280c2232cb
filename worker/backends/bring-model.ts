import { resolve } from "node:path";
import { WEIGHT_FORMS } from "@/lib/engine/onnx/model-files";
import { type ErrorCode, isAppError } from "@/lib/errors";
import type { HubModelName } from "@/lib/hub/download-model";
import { ensureModel } from "@/lib/hub/ensure-model";
import { findHub } from "@/lib/hub/find-hub";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";

/** What the next start may find otherwise; a full disk (`unavailable`) is no such thing. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["upstream-invalid", "timeout", "rate-limited"] as const),
]);

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
 * @throws StartError for what a person has to mend; AppError for a hub that is away for the moment, which ends the
 * worker in a way that its keeper answers by starting it again.
 */
export async function bringModel(
  { repo, revision }: HubModelName,
  { parent, weights, log, signal }: BringOptions,
): Promise<string> {
  let tenth = -1;
  try {
    return await ensureModel({
      ...{ hub: findHub("huggingface", {}), repo, revision, parent, weights, signal },
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
    // Also a lock that another process holds says when to come again.
    if (PASSING.has(error.code) || error.retryAfterSeconds !== undefined) throw error;
    // Whoever meant a folder has written its path wrongly, or is elsewhere than it begins.
    const folder =
      error.code === "not-found" || error.code === "unauthenticated"
        ? `There is no folder ${resolve(repo)} on this machine. `
        : "";
    throw new StartError({
      message: `${folder}${error.message}`,
      remedy: "`npx parley models download --help` tells of tokens, mirrors and weights.",
      cause: error,
    });
  }
}
