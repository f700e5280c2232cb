import { type SQL, sql } from "drizzle-orm";
import type { Database } from "@/lib/db/client";
import { apiKeys } from "@/lib/db/schema/api-keys";
import { usageDays, usageRecords } from "@/lib/db/schema/usage";
import { USAGE_SUMS_LISTED_MAX } from "@/lib/limits";
import type { UsageRequest, UsageSum } from "@/lib/protocol/usage-view";

/** The statements by which people read usage. */

export type UsageGrouping = "day" | "owner" | "model" | "endpoint";
export type UsageFilter = { since: string; until: string; owner?: string | undefined };
export type UsageSumRow = UsageSum & { name: string };

type SumRow = { name: string } & Record<keyof UsageSum, string>;

/** Visitors of the pages are one owner to people; which of them asked what is nobody's business. */
const ownerOf = (table: SQL) =>
  sql`case when ${table}.owner like 'visitor:%' then 'visitors' else ${table}.owner end`;

const DAYS = sql`days`;
const GROUPINGS: Record<UsageGrouping, SQL> = {
  day: sql`days.day::text`,
  owner: ownerOf(DAYS),
  model: sql`days.model`,
  endpoint: sql`days.endpoint`,
};

/** Sums by one of the groupings: days in their order, anything else by tokens, the most first. */
export async function readUsageSums(
  db: Database,
  by: UsageGrouping,
  { since, until, owner }: UsageFilter,
): Promise<UsageSumRow[]> {
  const order = by === "day" ? sql`1` : sql`sum(prompt_tokens + completion_tokens) desc, 1`;
  const rows = await db.execute<SumRow>(sql`
    select ${GROUPINGS[by]} as name, sum(requests) as requests, sum(failed) as failed,
      sum(cancelled) as cancelled, sum(prompt_tokens) as "promptTokens",
      sum(cached_prompt_tokens) as "cachedPromptTokens",
      sum(completion_tokens) as "completionTokens", sum(cost_nano_dollars) as "costNanoDollars"
    from ${usageDays} as days
    where day between ${since} and ${until}
      ${owner === undefined ? sql`` : sql`and ${ownerOf(DAYS)} = ${owner}`}
    group by 1 order by ${order} limit ${USAGE_SUMS_LISTED_MAX}`);
  return rows.map((row) => ({
    name: row.name,
    ...{ requests: Number(row.requests), failed: Number(row.failed) },
    ...{ cancelled: Number(row.cancelled), promptTokens: Number(row.promptTokens) },
    cachedPromptTokens: Number(row.cachedPromptTokens),
    completionTokens: Number(row.completionTokens),
    costNanoDollars: Number(row.costNanoDollars),
  }));
}

type RequestRow = Omit<UsageRequest, "startedAt" | "costNanoDollars"> & {
  startedAt: string;
  costNanoDollars: string;
};

/** The latest requests, the newest first. */
export async function readUsageRequests(
  db: Database,
  { owner, limit }: { owner?: string | undefined; limit: number },
): Promise<UsageRequest[]> {
  // Keys' own requests are found by their index; only the sum of all visitors looks through the others'.
  const isOwners =
    owner === "visitors" ? sql`records.owner like 'visitor:%'` : sql`records.owner = ${owner}`;
  const rows = await db.execute<RequestRow>(sql`
    select records.id, request_id as "requestId", started_at as "startedAt",
      ${ownerOf(sql`records`)} as owner, keys.name as "keyName", keys.prefix as "keyPrefix",
      endpoint, asked, model, outcome, prompt_tokens as "promptTokens",
      cached_prompt_tokens as "cachedPromptTokens", completion_tokens as "completionTokens",
      cost_nano_dollars as "costNanoDollars", first_token_ms as "firstTokenMs",
      duration_ms as "durationMs"
    from ${usageRecords} as records
    left join ${apiKeys} as keys on records.owner = 'key:' || keys.id::text
    ${owner === undefined ? sql`` : sql`where ${isOwners}`}
    order by started_at desc, records.id desc limit ${limit}`);
  return rows.map((row) => ({
    ...row,
    startedAt: new Date(row.startedAt).toISOString(),
    costNanoDollars: Number(row.costNanoDollars),
  }));
}

/** Names of keys by their owner's word. */
export async function readKeyNames(
  db: Database,
  owners: readonly string[],
): Promise<Map<string, { name: string; prefix: string }>> {
  const list = sql`${JSON.stringify(owners)}::text::jsonb`;
  const rows = await db.execute<{ owner: string; name: string; prefix: string }>(sql`
    select 'key:' || id::text as owner, name, prefix from ${apiKeys}
    where 'key:' || id::text in (select jsonb_array_elements_text(${list}))`);
  return new Map(rows.map(({ owner, ...names }) => [owner, names]));
}
