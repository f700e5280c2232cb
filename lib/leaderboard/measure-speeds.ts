import { sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { SPEED_DAYS, SPEED_READ_MS_MAX, SPEED_TOKENS_MIN } from "@/lib/job-limits";

/**
 * Medians of how fast each model was served here in the last days: of answers that came to their end, and for the
 * pace of those long enough to have one. Models that answered nobody in that time have none.
 */
export async function measureSpeeds(db: Database): Promise<void> {
  await db.transaction(async (transaction) => {
    await transaction.execute(sql.raw(`set local statement_timeout = ${SPEED_READ_MS_MAX}`));
    await transaction.execute(sql`
      insert into model_speeds (model, first_token_ms, tokens_per_second, answers, computed_at)
      select model, percentile_cont(0.5) within group (order by first_token_ms),
        percentile_cont(0.5) within group (order by
          case when completion_tokens >= ${SPEED_TOKENS_MIN} and duration_ms > first_token_ms
          then (completion_tokens - 1) * 1000 / (duration_ms - first_token_ms) end),
        count(*)::int, now()
      from usage_records
      where started_at > now() - make_interval(days => ${SPEED_DAYS})
        and outcome = 'complete' and model is not null and first_token_ms is not null
      group by model
      on conflict (model) do update set first_token_ms = excluded.first_token_ms,
        tokens_per_second = excluded.tokens_per_second, answers = excluded.answers,
        computed_at = excluded.computed_at`);
    await transaction.execute(sql`delete from model_speeds where computed_at < now()`);
  });
}
