import { type SQL, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { SPEED_DAYS, SPEED_READ_MS_MAX, SPEED_TOKENS_MIN } from "@/lib/job-limits";

/** By how much the clocks of a process and of the database may differ. */
const CLOCKS_SECONDS = 30;

/**
 * Medians of how fast each model was served here in the last days, to two digits: of answers that came to their end,
 * and for the pace of those long enough to have one. Models that answered nobody in that time have none.
 *
 * Everybody reads them, and a median that moves says who has answered. So what may belong to a blind battle whose
 * names are not told counts only when the whole day (UTC) after its own has ended.
 */
export async function measureSpeeds(db: Database): Promise<void> {
  await db.transaction(async (transaction) => {
    await transaction.execute(sql.raw(`set local statement_timeout = ${SPEED_READ_MS_MAX}`));
    await transaction.execute(sql`
      with unrevealed as materialized (${unrevealedAnswers}), medians as (
        select model, count(*)::int as answers,
          percentile_cont(0.5) within group (order by first_token_ms) as first_token_ms,
          percentile_cont(0.5) within group (order by
            case when completion_tokens >= ${SPEED_TOKENS_MIN} and duration_ms > first_token_ms
            then (completion_tokens - 1) * 1000 / (duration_ms - first_token_ms) end) as pace
        from usage_records as record
        where started_at > now() - make_interval(days => ${SPEED_DAYS})
          and outcome = 'complete' and model is not null and first_token_ms is not null
          and (started_at < ${toldBefore} or not ${mayBeBlind})
        group by model
      )
      insert into model_speeds (model, first_token_ms, tokens_per_second, answers, computed_at)
      select model, ${toTwoDigits(sql`first_token_ms`)}, ${toTwoDigits(sql`pace`)}, answers, now()
      from medians
      on conflict (model) do update set first_token_ms = excluded.first_token_ms,
        tokens_per_second = excluded.tokens_per_second, answers = excluded.answers,
        computed_at = excluded.computed_at`);
    await transaction.execute(sql`delete from model_speeds where computed_at < now()`);
  });
}

const toldBefore = sql`date_trunc('day', now(), 'UTC') - interval '1 day'`;
const slack = sql`make_interval(secs => ${CLOCKS_SECONDS})`;

/** Answers in battles whose names their visitor does not know. Ids begin with their moment: what is new is a range of them. */
const unrevealedAnswers = sql`
  select 'visitor:' || conversations.visitor_id as owner, messages.created_at - ${slack} as began,
    case when messages.status = 'streaming' then 'infinity' else messages.updated_at + ${slack} end as ended
  from messages join conversations on conversations.id = messages.conversation_id
  where messages.id >= (rpad(
      lpad(to_hex(floor(1000 * extract(epoch from ${toldBefore} - ${slack}))::bigint), 12, '0'), 32, '0'))::uuid
    and messages.role = 'assistant' and conversations.kind = 'battle'
    and not exists (
      select 1 from votes where votes.conversation_id = conversations.id and votes.blind)`;

/** Owners are those of auth/api-caller.ts. What another Parley asks for may be its battles, of which nobody here knows. */
const mayBeBlind = sql`(record.owner = 'parent' or exists (
  select 1 from unrevealed where unrevealed.owner = record.owner
    and record.started_at between unrevealed.began and unrevealed.ended))`;

function toTwoDigits(value: SQL): SQL {
  return sql`case when ${value} > 0
    then round(${value}::numeric, 1 - floor(log(${value}))::int)::float8 else ${value} end`;
}
