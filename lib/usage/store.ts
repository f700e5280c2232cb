import { type SQL, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { usageDays, usageRecords, usageRunning, usageWindows } from "@/lib/db/schema/usage";
import {
  USAGE_PROCESS_STALE_MS,
  USAGE_PRUNE_BATCH_MAX,
  USAGE_RECORD_DAYS,
  USAGE_STALE_AFTER_MS,
} from "@/lib/limits";
import type { Segment } from "@/lib/protocol/segment";
import type { Period } from "./period";
import { type Subject, toSubjectParts } from "./subject";
import type { Amounts } from "./tally";

/**
 * Every statement that writes usage; those that people read it by stand in report-store.ts. Rows of several
 * processes meet here, so each statement takes its rows in the order of their keys, lest two of them wait
 * for each other. Lists go as one JSON parameter, which keeps each statement the same whatever its length.
 */

export type WindowKey = { subject: Subject; period: Period; startsAtMs: number };
export type WindowAmounts = WindowKey & Amounts;

export type TallyBatch = {
  processId: string;
  /** Counts this process's batches, so that one whose reply was lost is not added twice. */
  sequence: number;
  deltas: readonly WindowAmounts[];
  /** Requests under way here, of subjects where their number has changed. */
  running: readonly { subject: Subject; running: number }[];
  /** What to read back. */
  windows: readonly WindowKey[];
  subjects: readonly Subject[];
};

export type TallyReply = {
  windows: readonly WindowAmounts[];
  /** At the other processes. */
  running: ReadonlyMap<Subject, number>;
};

/** The row of a process by which it shows that it lives; no subject is called so. */
const BEAT: Subject = "";

/** Adds what a process used and reads what all of them did, in one transaction. */
export async function writeTallies(db: Database, batch: TallyBatch): Promise<TallyReply> {
  return db.transaction(async (transaction) => {
    const isNew = await writeBeat(transaction, batch);
    if (isNew && batch.deltas.length > 0) await addToWindows(transaction, batch.deltas);
    if (batch.running.length > 0) await writeRunning(transaction, batch);
    const windows = await readWindows(transaction, batch.windows);
    return { windows, running: await readRunningElsewhere(transaction, batch) };
  });
}

/** @returns false for a batch that had arrived before. */
async function writeBeat(db: Database, { processId, sequence }: TallyBatch): Promise<boolean> {
  const rows = await db
    .insert(usageRunning)
    .values({ processId, subject: BEAT, running: sequence })
    .onConflictDoUpdate({
      target: [usageRunning.processId, usageRunning.subject],
      set: { running: sequence, updatedAt: sql`now()` },
      setWhere: sql`${usageRunning.running} < ${sequence}`,
    })
    .returning({ running: usageRunning.running });
  return rows.length > 0;
}

const asJson = (rows: readonly object[]) => sql`${JSON.stringify(rows)}::text::jsonb`;

/**
 * Windows of subjects that are limited from now on, for the first time or again, hold at least what the
 * sums of days hold of them. Processes write windows before records, so of a subject that was limited all
 * the while the sums never hold more, and nothing is counted twice. By itself, outside any transaction: it
 * reads much, and what it cannot do must neither undo a batch nor hold rows that others add to.
 */
export async function seedWindows(db: Database, subjects: readonly Subject[]): Promise<void> {
  const parts = subjects.map((subject) => ({ subject, ...toSubjectParts(subject) }));
  const ofKeys = parts.flatMap(({ subject, keyId, model }) =>
    keyId === undefined ? [] : [{ subject, model, owner: `key:${keyId}` }],
  );
  const ofModels = parts.filter(({ keyId }) => keyId === undefined);
  // A key's rows are found by the index of days and owners, whatever the others' number.
  const isKeys = sql`days.owner = given.owner and (given.model is null or days.model = given.model)`;
  if (ofKeys.length > 0) await seedFromDays(db, ofKeys, { days: sql`${usageDays}`, isIts: isKeys });
  if (ofModels.length === 0) return;
  // A model's are all rows of the month: they are added up once for all models.
  const models = JSON.stringify(ofModels.map(({ model }) => model));
  const month = sql`(select day, model, sum(requests) as requests,
      sum(prompt_tokens) as prompt_tokens, sum(completion_tokens) as completion_tokens,
      sum(cost_nano_dollars) as cost_nano_dollars
    from ${usageDays} where day >= date_trunc('month', now() at time zone 'UTC')::date
      and model in (select jsonb_array_elements_text(${models}::text::jsonb))
    group by 1, 2)`;
  await seedFromDays(db, ofModels, { days: month, isIts: sql`days.model = given.model` });
}

async function seedFromDays(
  db: Database,
  rows: readonly object[],
  { days, isIts }: { days: SQL; isIts: SQL },
): Promise<void> {
  // A row that holds as much is not written, hence not locked: others may be adding to it.
  await db.execute(sql`
    insert into ${usageWindows} as stored
      (subject, period, starts_at, requests, tokens, cost_nano_dollars)
    select sums.* from (
      select given.subject, periods.period, periods.starts_at,
        coalesce(sum(days.requests), 0) as requests,
        coalesce(sum(days.prompt_tokens + days.completion_tokens), 0) as tokens,
        coalesce(sum(days.cost_nano_dollars), 0) as cost_nano_dollars
      from jsonb_to_recordset(${asJson(rows)}) as given (subject text, model text, owner text)
      cross join (
        select period, date_trunc(period, now(), 'UTC') as starts_at, array(
          select day::date from generate_series(
            date_trunc(period, now() at time zone 'UTC'), now() at time zone 'UTC', '1 day'
          ) as series (day)
        ) as days
        from (values ('day'), ('month')) as names (period)
      ) as periods
      left join ${days} as days on days.day = any (periods.days) and ${isIts}
      group by 1, 2, 3
    ) as sums
    left join ${usageWindows} as existing using (subject, period, starts_at)
    where existing.subject is null or sums.requests > existing.requests
      or sums.tokens > existing.tokens or sums.cost_nano_dollars > existing.cost_nano_dollars
    order by 1, 2, 3
    on conflict (subject, period, starts_at) do update set
      requests = greatest(stored.requests, excluded.requests),
      tokens = greatest(stored.tokens, excluded.tokens),
      cost_nano_dollars = greatest(stored.cost_nano_dollars, excluded.cost_nano_dollars)`);
}

const WINDOW_COLUMNS = sql`(subject text, period text, starts_at timestamptz, requests bigint, tokens bigint, cost_nano_dollars bigint)`;
const toWindowRow = ({ subject, period, startsAtMs }: WindowKey) => ({
  ...{ subject, period },
  starts_at: new Date(startsAtMs).toISOString(),
});

async function addToWindows(db: Database, deltas: readonly WindowAmounts[]): Promise<void> {
  const rows = deltas.map((delta) => ({
    ...toWindowRow(delta),
    ...{ requests: delta.requests, tokens: delta.tokens },
    cost_nano_dollars: delta.costNanoDollars,
  }));
  await db.execute(sql`
    insert into ${usageWindows} as stored
      (subject, period, starts_at, requests, tokens, cost_nano_dollars)
    -- A clock that was set back leaves a process two windows of one minute.
    select subject, period, starts_at, sum(requests), sum(tokens), sum(cost_nano_dollars)
    from jsonb_to_recordset(${asJson(rows)}) as given ${WINDOW_COLUMNS}
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (subject, period, starts_at) do update set
      requests = stored.requests + excluded.requests,
      tokens = stored.tokens + excluded.tokens,
      cost_nano_dollars = stored.cost_nano_dollars + excluded.cost_nano_dollars`);
}

/** Zero is no row. */
async function writeRunning(db: Database, { processId, running }: TallyBatch): Promise<void> {
  const given = sql`jsonb_to_recordset(${asJson(running)}) as given (subject text, running integer)`;
  await db.execute(sql`
    insert into ${usageRunning} (process_id, subject, running)
    select ${processId}::uuid, subject, running from ${given} where running > 0
    on conflict (process_id, subject) do update set
      running = excluded.running, updated_at = now()`);
  await db.execute(sql`
    delete from ${usageRunning} using ${given}
    where process_id = ${processId}::uuid and ${usageRunning.subject} = given.subject
      and given.running = 0`);
}

type WindowRow = {
  subject: string;
  period: Period;
  starts_at_ms: string;
  requests: string;
  tokens: string;
  cost_nano_dollars: string;
};

async function readWindows(db: Database, keys: readonly WindowKey[]): Promise<WindowAmounts[]> {
  const rows = await db.execute<WindowRow>(sql`
    select stored.subject, stored.period, extract(epoch from stored.starts_at) * 1000 as starts_at_ms,
      stored.requests, stored.tokens, stored.cost_nano_dollars
    from jsonb_to_recordset(${asJson(keys.map(toWindowRow))})
      as given (subject text, period text, starts_at timestamptz)
    join ${usageWindows} as stored using (subject, period, starts_at)`);
  return rows.map((row) => ({
    ...{ subject: row.subject, period: row.period, startsAtMs: Number(row.starts_at_ms) },
    ...{ requests: Number(row.requests), tokens: Number(row.tokens) },
    costNanoDollars: Number(row.cost_nano_dollars),
  }));
}

async function readRunningElsewhere(
  db: Database,
  { processId, subjects }: TallyBatch,
): Promise<Map<Subject, number>> {
  const rows = await db.execute<{ subject: string; running: string }>(sql`
    select others.subject, sum(others.running) as running
    from ${usageRunning} as others
    join ${usageRunning} as beat on beat.process_id = others.process_id and beat.subject = ${BEAT}
    join jsonb_array_elements_text(${sql`${JSON.stringify(subjects)}::text::jsonb`}) as given (subject)
      on given.subject = others.subject
    where others.process_id <> ${processId}::uuid
      and beat.updated_at > now() - make_interval(secs => ${USAGE_PROCESS_STALE_MS / 1_000})
    group by 1`);
  return new Map(rows.map(({ subject, running }) => [subject, Number(running)]));
}

/** A process that ends holds no places. */
export async function deleteProcess(db: Database, processId: string): Promise<void> {
  await db.execute(sql`delete from ${usageRunning} where process_id = ${processId}::uuid`);
}

/** A row of usage_records, its start in ISO 8601. */
export type UsageRecord = Omit<
  typeof usageRecords.$inferSelect,
  "startedAt" | "updatedAt" | "segments"
> & {
  segments: Segment[] | null;
  startedAt: string;
};

/**
 * Writes requests as they are now, those that end for good. The sums of days change by the difference of
 * what each ended request counts now and what it counted before, in the same statement: so they hold each
 * request once, however often it is written, also when it was taken for lost and ended after all.
 */
export async function writeRecords(db: Database, records: readonly UsageRecord[]): Promise<void> {
  const rows = records.map((it) => ({
    id: it.id,
    request_id: it.requestId,
    owner: it.owner,
    endpoint: it.endpoint,
    asked: it.asked,
    model: it.model,
    worker_id: it.workerId,
    outcome: it.outcome,
    prompt_tokens: it.promptTokens,
    cached_prompt_tokens: it.cachedPromptTokens,
    completion_tokens: it.completionTokens,
    cost_nano_dollars: it.costNanoDollars,
    first_token_ms: it.firstTokenMs,
    duration_ms: it.durationMs,
    segments: it.segments,
    started_at: it.startedAt,
  }));
  await db.execute(sql`
    with given as (
      select * from jsonb_to_recordset(${asJson(rows)}) as given (
        id uuid, request_id text, owner text, endpoint text, asked text, model text, worker_id uuid,
        outcome text, prompt_tokens integer, cached_prompt_tokens integer, completion_tokens integer,
        cost_nano_dollars bigint, first_token_ms float8, duration_ms float8, segments jsonb,
        started_at timestamptz)
    ), old as (
      select stored.* from ${usageRecords} as stored where id in (select id from given)
      order by id for update
    ), fresh as (
      select given.* from given left join old using (id)
      where old.id is null or old.outcome in ('running', 'lost') or given.outcome <> 'running'
    ), written as (
      insert into ${usageRecords} (
        id, request_id, owner, endpoint, asked, model, worker_id, outcome, prompt_tokens,
        cached_prompt_tokens, completion_tokens, cost_nano_dollars, first_token_ms, duration_ms,
        segments, started_at, updated_at)
      select *, now() from fresh order by id
      on conflict (id) do update set
        model = excluded.model, worker_id = excluded.worker_id, outcome = excluded.outcome,
        prompt_tokens = excluded.prompt_tokens,
        cached_prompt_tokens = excluded.cached_prompt_tokens,
        completion_tokens = excluded.completion_tokens,
        cost_nano_dollars = excluded.cost_nano_dollars, first_token_ms = excluded.first_token_ms,
        duration_ms = excluded.duration_ms, segments = excluded.segments, updated_at = now()
    ), moved as (
      select ${DAY_PARTS}, 1 as sign from fresh as it where outcome <> 'running'
      union all
      select ${DAY_PARTS}, -1 from old as it
      where outcome <> 'running' and id in (select id from fresh)
    )
    ${addToDays(sql`moved`)}`);
}

const DAY_PARTS = sql`it.started_at, it.owner, it.model, it.endpoint, it.outcome, it.prompt_tokens,
  it.cached_prompt_tokens, it.completion_tokens, it.cost_nano_dollars`;

function addToDays(moved: ReturnType<typeof sql>) {
  return sql`
    insert into ${usageDays} as days (
      day, owner, model, endpoint, requests, failed, cancelled, prompt_tokens, cached_prompt_tokens,
      completion_tokens, cost_nano_dollars)
    select (started_at at time zone 'UTC')::date,
      -- One row for all visitors, who are one to people (report-store.ts): these sums are kept for good.
      case when owner like 'visitor:%' then 'visitors' else owner end,
      coalesce(model, ''), endpoint, sum(sign),
      coalesce(sum(sign) filter (where outcome not in ('complete', 'cancelled')), 0),
      coalesce(sum(sign) filter (where outcome = 'cancelled'), 0),
      sum(sign * prompt_tokens), sum(sign * cached_prompt_tokens), sum(sign * completion_tokens),
      sum(sign * cost_nano_dollars)
    from ${moved}
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
    on conflict (day, owner, model, endpoint) do update set
      requests = days.requests + excluded.requests,
      failed = days.failed + excluded.failed,
      cancelled = days.cancelled + excluded.cancelled,
      prompt_tokens = days.prompt_tokens + excluded.prompt_tokens,
      cached_prompt_tokens = days.cached_prompt_tokens + excluded.cached_prompt_tokens,
      completion_tokens = days.completion_tokens + excluded.completion_tokens,
      cost_nano_dollars = days.cost_nano_dollars + excluded.cost_nano_dollars`;
}

/** Ends requests whose process died: their record was not written for a while. @returns how many. */
export async function sweepLostRecords(db: Database): Promise<number> {
  const [row] = await db.execute<{ count: string }>(sql`
    with stale as (
      select id from ${usageRecords}
      where outcome = 'running'
        and updated_at < now() - make_interval(secs => ${USAGE_STALE_AFTER_MS / 1_000})
      order by id limit ${USAGE_PRUNE_BATCH_MAX} for update skip locked
    ), lost as (
      update ${usageRecords} as stored set
        outcome = 'lost', updated_at = now(),
        duration_ms = extract(epoch from stored.updated_at - stored.started_at) * 1000
      from stale where stored.id = stale.id
      returning stored.*, 1 as sign
    ), added as (${addToDays(sql`lost`)})
    select count(*) from lost`);
  return Number(row?.count ?? 0);
}

/** Deletes what is too old to be of use, some of it at a time. @returns whether there may be more. */
export async function pruneUsage(db: Database): Promise<boolean> {
  const limit = USAGE_PRUNE_BATCH_MAX;
  const records = await db.execute(sql`
    delete from ${usageRecords} where id in (
      select id from ${usageRecords}
      where started_at < now() - make_interval(days => ${USAGE_RECORD_DAYS}) limit ${limit}
    ) returning 1`);
  const windows = await db.execute(sql`
    delete from ${usageWindows} where (subject, period, starts_at) in (
      select subject, period, starts_at from ${usageWindows}
      where period = 'minute' and starts_at < now() - interval '10 minutes'
        or period = 'day' and starts_at < now() - interval '35 days'
        or period = 'month' and starts_at < now() - interval '400 days'
      limit ${limit}
    ) returning 1`);
  await db.execute(sql`
    delete from ${usageRunning} where process_id in (
      select process_id from ${usageRunning}
      -- Its number keeps a process that was cut off from adding a batch twice when it is back.
      where subject = ${BEAT} and updated_at < now() - interval '1 day')`);
  return records.length === limit || windows.length === limit;
}
