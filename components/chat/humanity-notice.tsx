"use client";

import { useQuery } from "@tanstack/react-query";
import { paths } from "@/lib/paths";
import { HumanityCheck } from "../humanity-check";
import { requestChecked } from "../request-json";
import { Skeleton } from "../ui/skeleton";

export type HumanityNoticeProps = { message: string; onPassed: () => void };

/** A question was held back until a person is known to be there: the check, after which it is asked. */
export function HumanityNotice({ message, onPassed }: HumanityNoticeProps) {
  const view = useQuery({
    queryKey: ["humanity"],
    queryFn: ({ signal }) =>
      requestChecked(
        paths.api.humanity,
        import("@/lib/protocol/humanity").then((it) => it.humanityViewSchema),
        { signal },
      ),
  });
  return (
    <div className="space-y-3">
      <p role="alert" className="text-center text-sm">
        {message} Your question is kept.
      </p>
      {view.data ? (
        <HumanityCheck view={view.data} onPassed={onPassed} />
      ) : view.error ? (
        <p className="text-center text-sm text-danger">{view.error.message}</p>
      ) : (
        <Skeleton className="mx-auto h-16 w-72" />
      )}
    </div>
  );
}
