"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { AdminTable, CELL } from "../admin-table";
import { UnreadableNotice } from "../unreadable-notice";
import { HISTORY_QUERY, readHistory } from "./use-rules-change";

const HEADS = [{ label: "When" }, { label: "Rule" }, { label: "Before" }, { label: "After" }];

export type RulesHistoryProps = { version: string | null };

/** The changes up to a version of the rules, the newest first and a row a rule. */
export function RulesHistory({ version: upTo }: RulesHistoryProps) {
  const { data, error, refetch } = useQuery({
    // Read again when the rules are found to be others, whoever changed them.
    queryKey: [...HISTORY_QUERY, upTo],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readHistory(signal),
    retry: false,
  });
  if (error && !data) {
    return <UnreadableNotice what="The history" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return null;
  if (data.history.length === 0) {
    return (
      <p className="border-t border-line py-8 text-sm text-ink-soft">
        No rule was ever changed: all are as by default.
      </p>
    );
  }
  return (
    <AdminTable label="Changes of the rules" heads={HEADS}>
      {data.history.flatMap(({ version, changedAt, changes }) =>
        changes.map(({ rule, before, after }) => (
          <tr key={`${version} ${rule}`}>
            <td className={`${CELL} whitespace-nowrap`}>
              <time dateTime={changedAt}>{new Date(changedAt).toLocaleString("en-GB")}</time>
            </td>
            <td className={`${CELL} font-mono break-all`}>{rule}</td>
            <td className={`${CELL} max-w-72 break-words`}>{before ?? "(none)"}</td>
            <td className={`${CELL} max-w-72 break-words`}>{after ?? "(none)"}</td>
          </tr>
        )),
      )}
    </AdminTable>
  );
}
