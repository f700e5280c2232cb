import {
  and,
  arrayContained,
  eq,
  gte,
  inArray,
  isNull,
  lt,
  notInArray,
  or,
  sql,
} from "drizzle-orm";
import { STATS_GROUP_MIN } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { boardDays, boardRuns, boards } from "@/lib/db/schema/boards";
import { models } from "@/lib/db/schema/models";
import {
  BOARD_COMPUTE_MS_MAX,
  BOARD_KEPT_MS,
  BOARD_RUN_STALE_MS,
  BOARD_RUNS_KEPT,
  BOARDS_INTERVAL_MS_MIN,
  BOARDS_REST,
  BOARDS_REST_MS_MAX,
} from "@/lib/job-limits";
import type { BoardBody } from "@/lib/protocol/board-view";
import { assert } from "@/lib/util/assert";
import type { PackedPairs } from "./packed-pairs";

/** SQL about live boards: their rows, their days, and the computations that write them. */

/** Any number that no other lock of this database uses. */
const BOARD_LOCK = 0x626f;
const DAY_MS = 86_400_000;

const toDayNumber = (day: string) => Date.parse(`${day}T00:00:00Z`) / DAY_MS;

export type StoredBoard = {
  key: string;
  method: string;
  voteCount: number;
  fingerprint: string;
  body: BoardBody;
  pairs: PackedPairs;
};

/**
 * Holds off whoever would compute the same board until the transaction ends, and tells what it is now. From here on
 * the transaction's statements may take as long as a board may; one whose process is silent for as long is ended,
 * and its lock with it.
 *
 * @param waitMs of the lock alone, while another computation has it.
 */
export async function lockBoard(
  transaction: Database,
  key: string,
  waitMs: number = BOARD_COMPUTE_MS_MAX,
): Promise<{ fingerprint: string | undefined; today: number }> {
  await transaction.execute(sql`
    select set_config('statement_timeout', ${String(BOARD_COMPUTE_MS_MAX)}, true),
      set_config('idle_in_transaction_session_timeout', ${String(BOARD_COMPUTE_MS_MAX)}, true),
      set_config('lock_timeout', ${String(waitMs)}, true)`);
  await transaction.execute(
    sql`select pg_advisory_xact_lock(${BOARD_LOCK}::int, hashtext(${key}))`,
  );
  const [row] = await transaction.execute<{ fingerprint: string | null; today: number }>(sql`
    select floor(extract(epoch from now()) / 86400)::int as today,
      (select ${boards.fingerprint} from ${boards} where ${boards.key} = ${key}) as fingerprint`);
  assert(row !== undefined, "a day is told");
  return { today: row.today, fingerprint: row.fingerprint ?? undefined };
}

export async function writeBoard(db: Database, board: StoredBoard): Promise<void> {
  // Not the transaction's moment: it may have waited for another computation since.
  const row = { ...board, computedAt: sql`clock_timestamp()` };
  const { key: _, ...changed } = row;
  await db.insert(boards).values(row).onConflictDoUpdate({ target: boards.key, set: changed });
}

/** Where the models of a board stand today (UTC): the last word of a day stays. */
export async function writeBoardDays(
  db: Database,
  key: string,
  entries: BoardBody["entries"],
): Promise<void> {
  const today = sql`(clock_timestamp() at time zone 'UTC')::date`;
  const rated = toRated(entries);
  const ids = rated.map(({ modelId }) => modelId);
  await db
    .delete(boardDays)
    .where(
      and(
        eq(boardDays.key, key),
        eq(boardDays.day, today),
        ids.length === 0 ? undefined : notInArray(boardDays.modelId, ids),
      ),
    );
  if (rated.length === 0) return;
  await db
    .insert(boardDays)
    .values(rated.map((it) => ({ ...it, key, day: today, isLater: false })))
    .onConflictDoUpdate({
      target: [boardDays.key, boardDays.modelId, boardDays.day],
      set: {
        ...{ rating: sql`excluded.rating`, lower: sql`excluded.lower` },
        ...{ upper: sql`excluded.upper`, rank: sql`excluded.rank`, votes: sql`excluded.votes` },
        isLater: false,
      },
    });
}

function toRated(entries: BoardBody["entries"]) {
  return entries.flatMap(({ modelId, status, rating, lower, upper, rank, votes }) =>
    status === "rated" && rating !== null && lower !== null && upper !== null && rank !== null
      ? [{ modelId, rating, lower, upper, rank, votes }]
      : [],
  );
}

/** Days (since 1970) of which it is written where the models of a board stood. */
export async function readTold(db: Database, key: string): Promise<number[]> {
  const rows = await db
    .selectDistinct({ day: boardDays.day })
    .from(boardDays)
    .where(eq(boardDays.key, key));
  return rows.map(({ day }) => toDayNumber(day));
}

/** Where the models of a board stood at the end of a day, told later. What was written on the day stays. */
export async function writePastDay(
  db: Database,
  past: { key: string; day: number; entries: BoardBody["entries"] },
): Promise<void> {
  const day = new Date(past.day * DAY_MS).toISOString().slice(0, "2026-11-21".length);
  const rated = toRated(past.entries);
  if (rated.length === 0) return;
  await db
    .insert(boardDays)
    .values(rated.map((it) => ({ ...it, key: past.key, day, isLater: true })))
    .onConflictDoNothing();
}

/** Forgets days from this moment on that were told later: votes of theirs were moved in since. */
export async function forgetLaterDays(db: Database, from: Date): Promise<void> {
  const day = from.toISOString().slice(0, "2026-11-21".length);
  await db.delete(boardDays).where(and(boardDays.isLater, gte(boardDays.day, day)));
}

/** Ids of the models with these names. */
export async function readModelIds(
  db: Database,
  names: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (names.size === 0) return new Set();
  const rows = await db
    .select({ id: models.id })
    .from(models)
    .where(inArray(models.name, [...names]));
  return new Set(rows.map(({ id }) => id));
}

/** Days (since 1970) on which so few people voted in a language that it is not told of the day. */
export async function readLonelyDays(db: Database, language: string): Promise<ReadonlySet<number>> {
  const rows = await db.execute<{ day: number }>(sql`
    select floor(extract(epoch from ${ballots.createdAt}) / 86400)::int as day
    from ${ballots} where ${ballots.counted} and ${ballots.language} = ${language}
    group by 1 having count(distinct ${ballots.voter}) < ${STATS_GROUP_MIN}`);
  return new Set(rows.map(({ day }) => day));
}

const keptSince = () => new Date(Date.now() - BOARD_KEPT_MS);

/** Forgets boards that nobody asks for any more, and those of languages with too few votes by now. */
export async function forgetBoards(db: Database, standing: readonly string[]): Promise<void> {
  const isUnasked = or(isNull(boards.requestedAt), lt(boards.requestedAt, keptSince()));
  await db.delete(boards).where(and(isUnasked, notInArray(boards.key, [...standing])));
}

export type Run = { id: string };

const DIED = { state: "failed", error: "The process that computed ended." } as const;

/**
 * Jobs see to it that of the same boards one computation runs at a time: another one that is said to run belongs to a
 * process that died, and is ended here.
 *
 * @param keys null: all that are kept
 */
export async function createRun(
  db: Database,
  run: { keys: string[] | null; boardsTotal: number },
): Promise<Run> {
  const isSame =
    run.keys === null ? isNull(boardRuns.keys) : arrayContained(boardRuns.keys, run.keys);
  await db
    .update(boardRuns)
    .set({ ...DIED, endedAt: sql`now()`, updatedAt: sql`now()` })
    .where(and(eq(boardRuns.state, "running"), isSame));
  const [row] = await db
    .insert(boardRuns)
    .values({ ...run, state: "running" })
    .returning({ id: boardRuns.id });
  assert(row !== undefined, "an insert returns its row");
  return row;
}

/** Milliseconds that all boards still rest for, by what their last computation took, whichever process's that was. */
export async function readRestMs(db: Database): Promise<number> {
  const [row] = await db.execute<{ rest: number | null }>(sql`
    select (extract(epoch from ended_at - now()) * 1000 + least(${BOARDS_REST_MS_MAX}, greatest(
      ${BOARDS_INTERVAL_MS_MIN}, extract(epoch from ended_at - started_at) * 1000 * ${BOARDS_REST})))::float8 as rest
    from ${boardRuns} where ${boardRuns.keys} is null and ${boardRuns.endedAt} is not null
    order by ${boardRuns.endedAt} desc limit 1`);
  return Math.max(0, row?.rest ?? 0);
}

export async function moveRun(db: Database, { id }: Run, boardsDone: number): Promise<void> {
  await db.update(boardRuns).set({ boardsDone, updatedAt: sql`now()` }).where(eq(boardRuns.id, id));
}

/** Of all runs the last few stay; those of processes that died are ended on the way. */
export async function endRun(
  db: Database,
  { id }: Run,
  outcome: { state: "done" | "failed"; boardsDone: number; error?: string },
): Promise<void> {
  const ended = { endedAt: sql`now()`, updatedAt: sql`now()` };
  await db
    .update(boardRuns)
    .set({ ...outcome, ...ended })
    .where(eq(boardRuns.id, id));
  await db
    .update(boardRuns)
    .set({ ...ended, ...DIED })
    .where(
      and(
        eq(boardRuns.state, "running"),
        lt(boardRuns.updatedAt, sql`now() - make_interval(secs => ${BOARD_RUN_STALE_MS / 1_000})`),
      ),
    );
  await db.delete(boardRuns).where(
    sql`${boardRuns.id} not in (select id from board_runs order by started_at desc limit ${BOARD_RUNS_KEPT})
      and ${boardRuns.state} <> 'running'`,
  );
}
