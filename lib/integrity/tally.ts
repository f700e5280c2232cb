import { sql } from "drizzle-orm";
import { TALLY_PRUNE_BATCH_MAX, TALLY_PRUNE_INTERVAL_MS } from "@/lib/arena-limits";
import type { Database } from "@/lib/db/client";
import { tallies } from "@/lib/db/schema/arena";
import { log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { pruneReviews } from "./prune-reviews";

/** What limits on visitors are held against: rows of `tallies`, by the hour or (of prompts) by the day, in UTC. */

export type TallyAsk = {
  /** `visitor:ID`, `network:HASH` or `prompt:HASH`. */
  subject: string;
  /** `battle`, `vote`, `call:MODEL` or `blind:MODEL`. */
  what: string;
  /** The most of an hour and of a day; 0: no limit. */
  perHour?: number;
  perDay?: number;
};

/** A limit that is reached, and when it ends. */
export type Exceeded = {
  subject: string;
  what: string;
  period: "hour" | "day";
  most: number;
  waitSeconds: number;
};

export const visitorSubject = (visitorId: string) => `visitor:${visitorId}`;
export const networkSubject = (network: string) => `network:${network}`;
export const callOf = (model: string) => `call:${model}`;
/** A call of a model whose name the visitor was not told. */
export const blindCallOf = (model: string) => `blind:${model}`;

const NO_LIMIT = 2_147_483_647;

type Row = { subject: string; what: string; per_hour: number; per_day: number } & {
  hour: string;
  day: string;
  hour_wait: string;
  day_wait: string;
};

/**
 * Counts one more of each in `asks`, unless a limit of one of them is reached: then of none. With `isAlways`
 * it counts all the same, and says what is beyond its limit. One statement, whose clock is the database's. Of
 * many that come at the very same moment no more pass than the limit says: those behind it are counted, too,
 * and refused by what their row came to.
 *
 * @returns the limits that were reached before.
 */
export async function takeTallies(
  db: Database,
  asks: readonly TallyAsk[],
  { isAlways = false }: { isAlways?: boolean } = {},
): Promise<Exceeded[]> {
  if (asks.length === 0) return [];
  pruneNowAndThen(db);
  const condition = isAlways ? sql`true` : sql`not exists (select 1 from refused)`;
  // The rows are those of the select list, whose sums Postgres gives as text.
  const rows = (await db.execute(sql`
    with asked as (${askedRows(asks)}), sums as (${sumsOf(sql`asked`)}),
    refused as (select * from sums where hour >= per_hour or day >= per_day),
    taken as (
      insert into ${tallies} as stored (subject, starts_at, what, count)
      select subject, date_trunc('hour', now(), 'UTC'), what, 1 from asked
      where ${condition} order by subject, what
      on conflict (subject, starts_at, what) do update set count = stored.count + 1
      returning subject, what, count - 1 as before
    ), known as (
      select sums.subject, sums.what, per_hour, per_day, hour_wait, day_wait,
        greatest(hour, before) as hour, greatest(day, day - hour + before) as day
      from sums left join taken on taken.subject = sums.subject and taken.what = sums.what
    )
    select * from known where hour >= per_hour or day >= per_day`)) as unknown as Row[];
  return rows.map(toExceeded);
}

/** The limits that are reached now; nothing is counted. */
export async function readExceeded(db: Database, asks: readonly TallyAsk[]): Promise<Exceeded[]> {
  if (asks.length === 0) return [];
  // As above.
  const rows = (await db.execute(sql`
    with asked as (${askedRows(asks)}), sums as (${sumsOf(sql`asked`)})
    select * from sums where hour >= per_hour or day >= per_day`)) as unknown as Row[];
  return rows.map(toExceeded);
}

/**
 * Counts a vote on a prompt, by the day.
 *
 * @returns how many there were in the 30 days before.
 */
export async function takePrompt(db: Database, hash: string): Promise<number> {
  const subject = `prompt:${hash}`;
  // The one row of the select list, whose sum Postgres gives as text.
  const [row] = (await db.execute(sql`
    with taken as (
      insert into ${tallies} as stored (subject, starts_at, what, count)
      values (${subject}, date_trunc('day', now(), 'UTC'), 'vote', 1)
      on conflict (subject, starts_at, what) do update set count = stored.count + 1
    )
    select coalesce(sum(count), 0) as count from ${tallies}
    where subject = ${subject} and what = 'vote'
      and starts_at > now() - interval '30 days'`)) as unknown as { count: string }[];
  return Number(row?.count ?? 0);
}

function askedRows(asks: readonly TallyAsk[]) {
  const rows = asks.map(({ subject, what, perHour = 0, perDay = 0 }) => ({
    ...{ subject, what },
    per_hour: perHour === 0 ? NO_LIMIT : perHour,
    per_day: perDay === 0 ? NO_LIMIT : perDay,
  }));
  return sql`select * from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
    as given (subject text, what text, per_hour int, per_day int)`;
}

function sumsOf(asked: ReturnType<typeof sql>) {
  return sql`select asked.*,
      coalesce(sum(counted.count) filter
        (where counted.starts_at = date_trunc('hour', now(), 'UTC')), 0) as hour,
      coalesce(sum(counted.count), 0) as day,
      extract(epoch from date_trunc('hour', now(), 'UTC') + interval '1 hour' - now()) as hour_wait,
      extract(epoch from date_trunc('day', now(), 'UTC') + interval '1 day' - now()) as day_wait
    from ${asked} left join ${tallies} as counted on counted.subject = asked.subject
      and counted.what = asked.what and counted.starts_at >= date_trunc('day', now(), 'UTC')
    group by asked.subject, asked.what, asked.per_hour, asked.per_day`;
}

function toExceeded(row: Row): Exceeded {
  const { subject, what } = row;
  const isDay = Number(row.day) >= row.per_day;
  return {
    ...{ subject, what },
    period: isDay ? "day" : "hour",
    most: isDay ? row.per_day : row.per_hour,
    waitSeconds: Math.max(1, Math.ceil(Number(isDay ? row.day_wait : row.hour_wait))),
  };
}

const pruning = processSingleton("tally-pruning", () => ({ atMs: Number.NEGATIVE_INFINITY }));

/** Old rows go in the background, now and then: nobody who counts waits for it. */
function pruneNowAndThen(db: Database): void {
  const nowMs = performance.now();
  if (nowMs - pruning.atMs < TALLY_PRUNE_INTERVAL_MS) return;
  pruning.atMs = nowMs;
  pruneTallies(db)
    .then(() => pruneReviews(db))
    .catch((error: unknown) => log.warn({ err: error }, "old tallies or reviews not removed"));
}

/** Removes rows that no limit looks back to: two days, of prompts 31. */
export async function pruneTallies(db: Database): Promise<void> {
  await db.execute(sql`
    delete from ${tallies} where ctid in (
      select ctid from ${tallies}
      where starts_at < now() - interval '2 days'
        and (subject not like 'prompt:%' or starts_at < now() - interval '31 days')
      limit ${TALLY_PRUNE_BATCH_MAX})`);
}
