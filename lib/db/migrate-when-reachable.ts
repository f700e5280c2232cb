import { log } from "@/lib/telemetry/log";
import { backoffMs } from "@/lib/util/backoff";
import { wait } from "@/lib/util/wait";
import { migrateDatabase } from "./migrate";

/** What a connection that cannot be made, or is no more, is called: by Node, by the driver, by a server that starts or ends. */
const UNREACHABLE = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "EHOSTUNREACH", "ENOTFOUND", "EAI_AGAIN"],
  ...["ETIMEDOUT", "CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED"],
  ...["CONNECTION_DESTROYED", "57P01", "57P02", "57P03"],
]);
const RETRY = { firstMs: 100, longestMs: 2_000 };

/**
 * Brings the database at `url` to the newest schema, waiting while it is not up yet or goes away in the middle: a
 * step that was not committed is done again.
 * @throws what else is wrong with it
 */
export async function migrateWhenReachable(url: string, folder?: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await migrateDatabase(url, folder);
      return;
    } catch (error) {
      const code = codeOf(error);
      if (!UNREACHABLE.has(code)) throw error;
      log.warn({ code }, "waiting for the database");
      await wait(backoffMs(attempt, RETRY));
    }
  }
}

/** The nearest one: the driver's errors bear it themselves, and drizzle wraps those of a statement in one without. */
function codeOf(error: unknown): string {
  for (let it = error; it instanceof Error; it = it.cause) {
    if ("code" in it) return String(it.code);
  }
  return "";
}
