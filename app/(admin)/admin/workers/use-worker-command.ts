"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { requestJson, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { AdminWorker, WorkerCommand } from "@/lib/protocol/arena-view";

export const WORKERS_QUERY = ["admin-workers"];

/** Tells a worker what to do, after which the list is asked for again; `said`: what came of the last one. */
export function useWorkerCommand() {
  const client = useQueryClient();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: async ({ worker, command }: { worker: AdminWorker; command: WorkerCommand }) => {
      const { outcome } = await requestJson(
        paths.api.adminWorker(worker.id),
        (views) => views.workerOrderedSchema,
        { method: "PATCH", body: { command } },
      );
      return `${worker.name} ${WORDS[outcome]}`;
    },
    onSettled: () => client.invalidateQueries({ queryKey: WORKERS_QUERY }),
  });
  const problem = error ? toRequestError(error).message : null;
  return { mutate, isPending, problem, said: error ? null : data };
}

const WORDS = {
  drain: "is sent no new requests.",
  resume: "is sent requests again.",
  remove: "ends when its answers are out.",
  gone: "is out of the registry.",
};
