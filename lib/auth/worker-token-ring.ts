import { changeFeed } from "@/lib/db/change-feed";
import { database } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import { WORKER_TOKEN_LOOK_MS } from "@/lib/fleet-limits";
import { processSingleton } from "@/lib/util/process-singleton";
import { wait } from "@/lib/util/wait";
import { hashKey, WORKER_TOKEN_START } from "./make-key";
import { readLiveTokens } from "./worker-token-store";

/**
 * The tokens that let workers in, as this process knows them. Unlike with API keys, those that were read
 * last hold while the database is away: its silence must expire no worker, and revoking needs it anyway.
 */
function workerTokens(): LiveCopy<ReadonlyMap<string, string>> {
  return processSingleton(
    "worker-tokens",
    () =>
      new LiveCopy({
        feed: changeFeed(),
        topic: "workers",
        read: () => readLiveTokens(database()),
        whenAway: "keep",
      }),
  );
}

/**
 * The id of a token that lets workers in; undefined for any other text. One that is not known is looked
 * for once more: it may have been made a moment ago, and a worker that is refused at its start ends.
 *
 * @throws AppError `unavailable` when the tokens were never read and the database is away.
 */
export async function findWorkerToken(text: string): Promise<string | undefined> {
  if (!text.startsWith(WORKER_TOKEN_START)) return undefined;
  const hash = hashKey(text);
  const tokens = workerTokens().peek() ?? (await workerTokens().get());
  return tokens.get(hash) ?? (await lookAgain()).get(hash);
}

let looking: Promise<ReadonlyMap<string, string>> | undefined;

/** Shared by all who ask meanwhile, so that made-up tokens cost the database four readings a second at most. */
function lookAgain(): Promise<ReadonlyMap<string, string>> {
  looking ??= wait(WORKER_TOKEN_LOOK_MS).then(() => {
    // Whoever asks from now on may have a newer one.
    looking = undefined;
    return workerTokens().refresh();
  });
  return looking;
}
