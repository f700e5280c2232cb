"use client";

import { useQuery } from "@tanstack/react-query";
import { countOf } from "@/components/format";
import { requestChecked } from "@/components/request-json";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import { AdminTable, CELL, NUMBER } from "../admin-table";
import { UnreadableNotice } from "../unreadable-notice";

const HEADS = [
  { label: "Model" },
  { label: "Answers", isNumber: true },
  { label: "Bad", isNumber: true },
  { label: "Mean, from -1 to 1", isNumber: true },
];

/** What programs said of answers. Their texts stay as they were sent: React writes them as text. */
export function FeedbackSection() {
  const { data, error, refetch } = useQuery({
    queryKey: ["admin-feedback"],
    queryFn: ({ signal }) =>
      requestChecked(
        paths.api.adminFeedback,
        import("@/lib/protocol/feedback").then((it) => it.adminFeedbackSchema),
        { signal },
      ),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
    retry: false,
  });
  if (error && !data) {
    return <UnreadableNotice what="Feedback" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return null;
  if (data.models.length === 0) {
    return (
      <p className="border-t border-line py-8 text-sm text-ink-soft">
        No program has said anything of an answer in the last 90 days.
      </p>
    );
  }
  const comments = data.latest.filter(({ comment, tags }) => comment !== null || tags.length > 0);
  return (
    <>
      <AdminTable label="Feedback by model" heads={HEADS}>
        {data.models.map(({ model, count, mean, down }) => (
          <tr key={model ?? ""}>
            <th scope="row" className={`${CELL} text-left font-mono font-normal`}>
              {model ?? "unknown"}
            </th>
            <td className={`${CELL} ${NUMBER}`}>{count}</td>
            <td className={`${CELL} ${NUMBER}`}>{down}</td>
            <td className={`${CELL} ${NUMBER}`}>{mean.toFixed(2)}</td>
          </tr>
        ))}
      </AdminTable>
      {comments.length > 0 && (
        <details className="mt-4 text-sm">
          <summary className="cursor-pointer py-2">{countOf(comments.length, "comment")}</summary>
          <ul>
            {comments.map(({ answerId, owner, model, score, comment, tags }) => (
              <li key={`${answerId} ${owner}`} className="border-b border-line py-3">
                <span className="text-xs text-ink-soft">
                  <span className="font-mono">{model ?? "unknown"}</span> · {score}
                  {tags.length > 0 ? ` · ${tags.join(", ")}` : null}
                </span>
                <p className="break-words whitespace-pre-wrap">{comment}</p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
