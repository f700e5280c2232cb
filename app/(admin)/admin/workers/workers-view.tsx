"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { countOf } from "@/components/format";
import { requestJson } from "@/components/request-json";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import { isSignedOut, UnreadableNotice } from "../unreadable-notice";
import { RemoveSheet } from "./remove-sheet";
import { useWorkerCommand, WORKERS_QUERY } from "./use-worker-command";
import { WorkerTable } from "./worker-table";

export function WorkersView() {
  const { mutate, problem, said } = useWorkerCommand();
  const [removing, setRemoving] = useState<AdminWorker | null>(null);
  const { data, error, refetch, isPending } = useQuery({
    queryKey: WORKERS_QUERY,
    queryFn: ({ signal }) =>
      requestJson(paths.api.adminWorkers, (views) => views.adminWorkersSchema, { signal }),
    refetchInterval: PAGE_REFRESH_INTERVAL_SHORT_MS,
    retry: false,
  });
  if (isPending) return <WorkersSkeleton />;
  if (error && (!data || isSignedOut(error))) {
    return <UnreadableNotice what="The workers" error={error} onRetry={() => void refetch()} />;
  }
  if (!data) return null;
  const ready = data.workers.filter((it) => it.state === "ready").length;
  return (
    <>
      <p className="numeric mb-4 text-sm text-ink-soft">
        {ready} of {countOf(data.workers.length, "worker")} ready. A worker reports every{" "}
        {data.heartbeatIntervalMs / 1000} s, and is held for lost after {data.staleAfterMs / 1000} s
        of silence if it does not answer at its address either.
        {error ? " The newest reports could not be read." : null}
      </p>
      <p role="status" className="mb-4 text-sm text-ink-soft empty:hidden">
        {said}
      </p>
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {problem}
      </p>
      {data.workers.length === 0 ? (
        <p className="border-t border-line py-12 text-ink-soft">
          No worker has registered. Start one with{" "}
          <code className="font-mono text-sm text-ink">
            npx parley worker --model &lt;folder&gt;
          </code>
          .
        </p>
      ) : (
        <WorkerTable
          workers={data.workers}
          staleAfterMs={data.staleAfterMs}
          onCommand={(worker, command) =>
            command === "remove" ? setRemoving(worker) : mutate({ worker, command })
          }
        />
      )}
      {removing ? <RemoveSheet worker={removing} onClose={() => setRemoving(null)} /> : null}
    </>
  );
}

function WorkersSkeleton() {
  return (
    <div role="status" aria-label="Loading the workers">
      <Skeleton className="mb-8 h-4 w-80" />
      {["first", "second", "third"].map((row) => (
        <div key={row} className="flex h-16 items-center gap-8 border-b border-line">
          <Skeleton className="h-4 w-32" />
          <Skeleton className="h-4 w-40" />
          <Skeleton className="h-4 flex-1" />
        </div>
      ))}
    </div>
  );
}
