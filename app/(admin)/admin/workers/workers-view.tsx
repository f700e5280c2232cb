"use client";

import { useState } from "react";
import { countOf } from "@/components/format";
import { loadViews } from "@/components/load-views";
import { PAGE_REFRESH_INTERVAL_SHORT_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { AdminWorker, AdminWorkers } from "@/lib/protocol/arena-view";
import { AdminReading, useAdminQuery } from "../admin-reading";
import { RemoveSheet } from "./remove-sheet";
import { useWorkerCommand, WORKERS_QUERY } from "./use-worker-command";
import { WorkerTable } from "./worker-table";

export function WorkersView() {
  const query = useAdminQuery({
    ...{ queryKey: WORKERS_QUERY, path: paths.api.adminWorkers },
    loadSchema: () => loadViews().then((views) => views.adminWorkersSchema),
    refetchInterval: PAGE_REFRESH_INTERVAL_SHORT_MS,
  });
  return (
    <AdminReading what="The workers" query={query}>
      {(view) => <Workers {...view} />}
    </AdminReading>
  );
}

function Workers({ workers, heartbeatIntervalMs, staleAfterMs }: AdminWorkers) {
  const { mutate, problem, said } = useWorkerCommand();
  const [removing, setRemoving] = useState<AdminWorker | null>(null);
  const ready = workers.filter((it) => it.state === "ready").length;
  return (
    <>
      <p className="numeric mb-4 text-sm text-ink-soft">
        {ready} of {countOf(workers.length, "worker")} ready. A worker reports every{" "}
        {heartbeatIntervalMs / 1000} s, and is held for lost after {staleAfterMs / 1000} s of
        silence if it does not answer at its address either.
      </p>
      <p role="status" className="mb-4 text-sm text-ink-soft empty:hidden">
        {said}
      </p>
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {problem?.message}
      </p>
      {workers.length === 0 ? (
        <p className="border-t border-line py-12 text-ink-soft">
          No worker has registered. Start one with{" "}
          <code className="font-mono text-sm text-ink">
            npx parley worker --model &lt;folder&gt;
          </code>
          .
        </p>
      ) : (
        <WorkerTable
          workers={workers}
          staleAfterMs={staleAfterMs}
          onCommand={(worker, command) =>
            command === "remove" ? setRemoving(worker) : mutate({ worker, command })
          }
        />
      )}
      {removing ? <RemoveSheet worker={removing} onClose={() => setRemoving(null)} /> : null}
    </>
  );
}
