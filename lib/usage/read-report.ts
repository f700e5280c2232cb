import { type Database, database } from "@/lib/db/client";
import type { UsageQuery, UsageReport, UsageSum } from "@/lib/protocol/usage-view";
import { startOf } from "./period";
import { readKeyNames, readUsageRequests, readUsageSums } from "./report-store";

export type ReportOptions = { requestsMax: number; nowMs?: number; db?: Database };

const DAY_MS = 86_400_000;

/** Usage of the last days, today included, in UTC. */
export async function readUsageReport(
  { days: dayCount, owner }: UsageQuery,
  { requestsMax, nowMs = Date.now(), db = database() }: ReportOptions,
): Promise<UsageReport> {
  const todayMs = startOf("day", nowMs);
  const period = Array.from({ length: dayCount }, (_, index) =>
    toDay(todayMs - (dayCount - 1 - index) * DAY_MS),
  );
  const until = toDay(todayMs);
  const filter = { since: period[0] ?? until, until, owner };
  const [days, owners, models, endpoints, requests] = await Promise.all([
    readUsageSums(db, "day", filter),
    readUsageSums(db, "owner", filter),
    readUsageSums(db, "model", filter),
    readUsageSums(db, "endpoint", filter),
    readUsageRequests(db, { owner, limit: requestsMax }),
  ]);
  const names = await readKeyNames(
    db,
    owners.map((it) => it.name),
  );
  const byDay = new Map(days.map(({ name, ...sum }) => [name, sum]));
  return {
    ...{ since: filter.since, until, requests },
    total: days.reduce((total, it) => add(total, it), NOTHING),
    days: period.map((day) => ({ day, ...(byDay.get(day) ?? NOTHING) })),
    keys: owners.map(({ name: owner, ...sum }) => {
      const { name = null, prefix = null } = names.get(owner) ?? {};
      return { owner, keyName: name, keyPrefix: prefix, ...sum };
    }),
    models: models.map(({ name: model, ...sum }) => ({ model, ...sum })),
    endpoints: endpoints.map(({ name: endpoint, ...sum }) => ({ endpoint, ...sum })),
  };
}

const toDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

const NOTHING: UsageSum = {
  ...{ requests: 0, failed: 0, cancelled: 0, promptTokens: 0, cachedPromptTokens: 0 },
  ...{ completionTokens: 0, costNanoDollars: 0 },
};

function add(one: UsageSum, other: UsageSum): UsageSum {
  return {
    requests: one.requests + other.requests,
    failed: one.failed + other.failed,
    cancelled: one.cancelled + other.cancelled,
    promptTokens: one.promptTokens + other.promptTokens,
    cachedPromptTokens: one.cachedPromptTokens + other.cachedPromptTokens,
    completionTokens: one.completionTokens + other.completionTokens,
    costNanoDollars: one.costNanoDollars + other.costNanoDollars,
  };
}
