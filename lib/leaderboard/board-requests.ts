import { and, desc, eq, isNotNull, sql } from "drizzle-orm";
import { type Database, database } from "@/lib/db/client";
import { boardRuns, boards } from "@/lib/db/schema/boards";
import { AppError } from "@/lib/errors";
import {
  BOARD_FOLLOW_MS,
  BOARD_REQUEST_INTERVAL_MS,
  BOARD_RUN_STALE_MS,
  REQUESTED_BOARDS_MAX,
  REQUESTED_BOARDS_WAITING_MAX,
} from "@/lib/job-limits";
import { type Jobs, jobs } from "@/lib/jobs/jobs";
import { type BoardKey, boardKeyText, isStanding, OVERALL } from "@/lib/protocol/board-key";

/** One board that somebody asked for: `{ key }`. */
export const REQUEST_JOB = "board-request";

/** Boards that are not always computed: asked for, computed by a job, kept and followed while somebody looks at them. */

/** A board that is kept because it was asked for still is: written now and then. */
export async function touchRequestedBoard(db: Database, key: string): Promise<void> {
  await db
    .update(boards)
    .set({ requestedAt: sql`now()` })
    .where(
      and(
        eq(boards.key, key),
        sql`${boards.requestedAt} < now() - make_interval(secs => ${BOARD_REQUEST_INTERVAL_MS / 1_000})`,
      ),
    );
}

/**
 * Has a board on request computed again that somebody looks at, where votes came since and it is some minutes old:
 * at all times following what was asked for once would take more than the boards that most look at.
 */
export async function followRequestedBoard(
  key: string,
  { db = database(), queue = jobs() }: { db?: Database; queue?: Jobs } = {},
): Promise<void> {
  const [row] = await db.execute(sql`
    select 1 from ${boards} as requested, ${boards} as live
    where requested.key = ${key} and live.key = ${boardKeyText(OVERALL)}
      and requested.computed_at < live.computed_at
      and requested.computed_at < now() - make_interval(secs => ${BOARD_FOLLOW_MS / 1_000})`);
  if (row === undefined) return;
  if ((await queue.countWaiting(REQUEST_JOB)) >= REQUESTED_BOARDS_WAITING_MAX) return;
  await queue.send(REQUEST_JOB, { key }, { key, db });
}

/**
 * A board that was computed on request is of this moment, whether votes came or not. It stays a while, and the one
 * that was looked at longest ago makes room for it.
 */
export async function keepRequestedBoard(db: Database, key: string): Promise<void> {
  const now = sql`clock_timestamp()`;
  await db.update(boards).set({ requestedAt: now, computedAt: now }).where(eq(boards.key, key));
  const kept = db
    .select({ key: boards.key })
    .from(boards)
    .where(isNotNull(boards.requestedAt))
    .orderBy(desc(boards.requestedAt))
    .limit(REQUESTED_BOARDS_MAX);
  await db
    .delete(boards)
    .where(sql`${boards.requestedAt} is not null and ${boards.key} not in (${kept})`);
}

/** Whether somebody has asked for the board already. */
export async function isWaiting(key: string, queue: Jobs = jobs()): Promise<boolean> {
  return queue.hasJob(REQUEST_JOB, key);
}

/**
 * Has a board computed.
 *
 * @throws AppError `unavailable` while too many others wait.
 */
export async function requestBoard(
  key: string,
  { db = database(), queue = jobs() }: { db?: Database; queue?: Jobs } = {},
): Promise<void> {
  if ((await queue.countWaiting(REQUEST_JOB)) >= REQUESTED_BOARDS_WAITING_MAX) {
    throw new AppError("unavailable", {
      message: "Many boards are being computed for others. Ask for yours again in a minute.",
      retryAfterSeconds: 60,
    });
  }
  await queue.send(REQUEST_JOB, { key }, { key, db });
}

/** How far the computation is that a board belongs to, or the one of all boards where it is one of them; null where none is under way. */
export async function findProgress(
  db: Database,
  key: BoardKey,
): Promise<{ done: number; total: number } | null> {
  const isOfAll = isStanding(key) ? sql`${boardRuns.keys} is null or` : sql``;
  const [run] = await db
    .select({ done: boardRuns.boardsDone, total: boardRuns.boardsTotal })
    .from(boardRuns)
    .where(
      and(
        eq(boardRuns.state, "running"),
        sql`${boardRuns.updatedAt} > now() - make_interval(secs => ${BOARD_RUN_STALE_MS / 1_000})`,
        sql`(${isOfAll} ${boardKeyText(key)} = any(${boardRuns.keys}))`,
      ),
    )
    .orderBy(desc(boardRuns.startedAt))
    .limit(1);
  return run ?? null;
}
