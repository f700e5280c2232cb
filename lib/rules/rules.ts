import { announce, changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import { type ArenaSettings, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { processSingleton } from "@/lib/util/process-singleton";
import { createSettings, findNewestSettings } from "./store";
import { toSettings } from "./stored-rules";

export type RulesCopy = LiveCopy<ArenaSettings>;

/**
 * The rules that hold now: those that were stored last, with defaults for what they leave out.
 *
 * @throws AppError `unavailable` where they hold what this version cannot read.
 */
export async function readRules(db: Database): Promise<ArenaSettings> {
  const row = await findNewestSettings(db);
  return row === undefined ? DEFAULT_ARENA_SETTINGS : toSettings(row.settings);
}

/** Stores new rules unasked and unchecked, whatever held before: `editRules` is for operators. */
export async function changeRules(db: Database, rules: ArenaSettings): Promise<void> {
  await db.transaction(async (transaction) => {
    await createSettings(transaction, rules);
    await announce(transaction, "arena");
  });
}

/** The rules as this process knows them; without the database it goes on with what it read last. */
export function rules(): RulesCopy {
  return processSingleton(
    "rules",
    () =>
      new LiveCopy({
        feed: changeFeed(),
        topic: "arena",
        read: () => readRules(database()),
        whenAway: "keep",
      }),
  );
}
