import clsx from "clsx";
import { formatCount } from "@/components/format";
import type { UsageSum } from "@/lib/protocol/usage-view";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { formatDollars } from "./usage-words";

const NUMBERS = [
  ...["Requests", "Failed", "Reader left"],
  ...["Prompt tokens", "Of them cached", "Answer tokens", "Dollars"],
];

export type SumTableProps = {
  label: string;
  /** Of the first column. */
  head: string;
  rows: readonly { id: string; name: string; sum: UsageSum }[];
};

export function SumTable({ label, head, rows }: SumTableProps) {
  const heads = [{ label: head }, ...NUMBERS.map((it) => ({ label: it, isNumber: true }))];
  if (rows.length === 0) return <p className="py-4 text-sm text-ink-soft">None in this time.</p>;
  return (
    <AdminTable label={label} heads={heads}>
      {rows.map(({ id, name, sum }) => (
        <tr key={id}>
          <th scope="row" className={clsx(CELL, "w-2/5 text-left font-normal break-all")}>
            {name}
          </th>
          <td className={clsx(CELL, NUMBER)}>{formatCount(sum.requests)}</td>
          <td className={clsx(CELL, NUMBER, sum.failed > 0 && "text-danger")}>
            {formatCount(sum.failed)}
          </td>
          <td className={clsx(CELL, NUMBER)}>{formatCount(sum.cancelled)}</td>
          <td className={clsx(CELL, NUMBER)}>{formatCount(sum.promptTokens)}</td>
          <td className={clsx(CELL, NUMBER)}>{formatCount(sum.cachedPromptTokens)}</td>
          <td className={clsx(CELL, NUMBER)}>{formatCount(sum.completionTokens)}</td>
          <td className={clsx(CELL, NUMBER)}>{formatDollars(sum.costNanoDollars)}</td>
        </tr>
      ))}
    </AdminTable>
  );
}
