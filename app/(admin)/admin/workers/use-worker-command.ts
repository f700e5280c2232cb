"use client";

import { requestJson } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { AdminWorker, WorkerCommand } from "@/lib/protocol/arena-view";
import { useAdminChange } from "../use-admin-change";

export const WORKERS_QUERY = ["admin-workers"];

/** Tells a worker what to do, after which the list is asked for again; `said`: what came of the last one. */
export function useWorkerCommand() {
  const { reply: said, ...rest } = useAdminChange({
    queryKey: WORKERS_QUERY,
    change: async ({ worker, command }: { worker: AdminWorker; command: WorkerCommand }) => {
      const { outcome } = await requestJson(
        paths.api.adminWorker(worker.id),
        (views) => views.workerOrderedSchema,
        { method: "PATCH", body: { command } },
      );
      return `${worker.name} ${WORDS[outcome]}`;
    },
  });
  return { ...rest, said };
}

const WORDS = {
  drain: "is sent no new requests.",
  resume: "is sent requests again.",
  remove: "ends when its answers are out.",
  gone: "is out of the registry.",
};
