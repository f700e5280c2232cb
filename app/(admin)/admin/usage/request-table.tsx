import clsx from "clsx";
import { formatCount, formatDate, formatSeconds } from "@/components/format";
import type { UsageRequest } from "@/lib/protocol/usage-view";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { formatDollars, outcomeWords, ownerWords } from "./usage-words";

const HEADS = [
  { label: "Begun" },
  { label: "Caller" },
  { label: "Endpoint" },
  { label: "Model" },
  { label: "Outcome" },
  { label: "Prompt tokens", isNumber: true },
  { label: "Answer tokens", isNumber: true },
  { label: "Dollars", isNumber: true },
  { label: "First token", isNumber: true },
  { label: "Whole", isNumber: true },
];

const GOOD: ReadonlySet<string> = new Set(["complete", "running", "cancelled"]);
const time = (ms: number | null) => (ms === null ? "–" : formatSeconds(ms));

export type RequestTableProps = { requests: readonly UsageRequest[] };

/** The latest requests, whatever the period; texts are kept nowhere. */
export function RequestTable({ requests }: RequestTableProps) {
  return (
    <AdminTable label="Latest requests" heads={HEADS}>
      {requests.map((it) => (
        <tr key={it.id}>
          <th scope="row" className={clsx(CELL, "text-left font-normal whitespace-nowrap")}>
            <time dateTime={it.startedAt} title={`Request ${it.requestId}`}>
              {formatDate(new Date(it.startedAt))}
            </time>
          </th>
          <td className={CELL}>{ownerWords(it)}</td>
          <td className={CELL}>{it.endpoint === "arena" ? "Pages" : it.endpoint}</td>
          <td className={clsx(CELL, "font-mono break-all")}>
            {it.model ?? it.asked}
            {it.model !== null && it.asked !== it.model && it.asked !== "" ? (
              <span className="block text-xs text-ink-soft">asked for {it.asked}</span>
            ) : null}
          </td>
          <td className={clsx(CELL, !GOOD.has(it.outcome) && "text-danger")}>
            {outcomeWords(it.outcome)}
          </td>
          <td className={clsx(CELL, NUMBER)}>{formatCount(it.promptTokens)}</td>
          <td className={clsx(CELL, NUMBER)}>{formatCount(it.completionTokens)}</td>
          <td className={clsx(CELL, NUMBER)}>{formatDollars(it.costNanoDollars)}</td>
          <td className={clsx(CELL, NUMBER)}>{time(it.firstTokenMs)}</td>
          <td className={clsx(CELL, NUMBER)}>{time(it.durationMs)}</td>
        </tr>
      ))}
    </AdminTable>
  );
}
