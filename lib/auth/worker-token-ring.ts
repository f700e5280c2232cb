import { changeFeed } from "@/lib/db/change-feed";
import { database } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import { processSingleton } from "@/lib/util/process-singleton";
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
 * The id of a token that lets workers in; undefined for any other text.
 *
 * @throws AppError `unavailable` when the tokens were never read and the database is away.
 */
export async function findWorkerToken(text: string): Promise<string | undefined> {
  if (!text.startsWith(WORKER_TOKEN_START)) return undefined;
  const tokens = workerTokens().peek() ?? (await workerTokens().get());
  return tokens.get(hashKey(text));
}
