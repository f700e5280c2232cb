import type { UsageReport, UsageRequest, UsageSum } from "@/lib/protocol/usage-view";

/** Usage as lines of a terminal. */

export const USAGE_GROUPINGS = ["key", "model", "day", "endpoint"] as const;
export type UsageGrouping = (typeof USAGE_GROUPINGS)[number];

const SUM_HEADS = ["Requests", "Failed", "Cancelled", "Prompt", "Cached", "Written", "Dollars"];

export function sumTable(report: UsageReport, by: UsageGrouping): string {
  const { since, until, total } = report;
  const period = `${since === until ? since : `${since} to ${until}`} (UTC)`;
  if (total.requests === 0) return `No request was made ${period}.\n`;
  const rows: [string, UsageSum][] = {
    key: () => report.keys.map((it): [string, UsageSum] => [ownerWords(it), it]),
    model: () => report.models.map((it): [string, UsageSum] => [it.model || "(none answered)", it]),
    day: () => report.days.map((it): [string, UsageSum] => [it.day, it]),
    endpoint: () => report.endpoints.map((it): [string, UsageSum] => [it.endpoint, it]),
  }[by]();
  const head = `${by[0]?.toUpperCase()}${by.slice(1)}`;
  const lines = [
    [head, ...SUM_HEADS],
    ...rows.map(([name, sum]) => [name, ...sumCells(sum)]),
    ["Total", ...sumCells(total)],
  ];
  return `${period}\n${alignRight(lines, 1)}`;
}

export function requestTable(requests: readonly UsageRequest[]): string {
  if (requests.length === 0) return "No request was made.\n";
  const heads = ["Started", "Caller", "Endpoint", "Model", "Outcome", "Prompt", "Written", "Time"];
  const rows = requests.map((it) => [
    `${it.startedAt.slice(0, 19).replace("T", " ")}Z`,
    ownerWords(it),
    it.endpoint,
    it.model ?? it.asked,
    it.outcome,
    String(it.promptTokens),
    String(it.completionTokens),
    it.durationMs === null ? "" : `${(it.durationMs / 1_000).toFixed(2)} s`,
  ]);
  return alignRight([heads, ...rows], 5);
}

function sumCells(sum: UsageSum): string[] {
  const { requests, failed, cancelled, promptTokens, cachedPromptTokens, completionTokens } = sum;
  const counts = [requests, failed, cancelled, promptTokens, cachedPromptTokens, completionTokens];
  return [...counts.map(String), (sum.costNanoDollars / 1e9).toFixed(4)];
}

type Owned = { owner: string; keyName: string | null; keyPrefix: string | null };

function ownerWords({ owner, keyName, keyPrefix }: Owned): string {
  return keyName === null ? owner : `${keyName} (${keyPrefix}…)`;
}

/** Columns from `first` on are numbers. What callers named is printed without control characters. */
function alignRight(rows: readonly (readonly string[])[], first: number): string {
  const clean = rows.map((row) => row.map((cell) => cell.replace(/\p{C}/gu, "\ufffd")));
  const widths = clean[0]?.map((_, column) =>
    Math.max(...clean.map((row) => row[column]?.length ?? 0)),
  );
  const lines = clean.map((row) =>
    row
      .map((cell, column) => {
        const width = widths?.[column] ?? 0;
        return column < first ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}
