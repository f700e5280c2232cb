"use client";

import { ConfirmSheet } from "@/components/ui/confirm-sheet";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import { useWorkerCommand } from "./use-worker-command";

function describe({ beats, state }: AdminWorker): string {
  if (!beats) return "It cannot be told to end: it is taken from the list until it is added again.";
  if (state === "lost") {
    return "It cannot be told to end now: it is taken from the list, and told so if it is heard again.";
  }
  return "Its running answers finish, then its process ends. Start it again on its own machine.";
}

/** Asks before a worker is ended, which nobody can take back from here. */
export function RemoveSheet({ worker, onClose }: { worker: AdminWorker; onClose: () => void }) {
  const { mutate, isPending, problem } = useWorkerCommand();
  return (
    <ConfirmSheet
      title={`Remove ${worker.name}?`}
      description={`${worker.address}: ${describe(worker)}`}
      verb="Remove the worker"
      isSending={isPending}
      problem={problem?.message}
      onConfirm={() => mutate({ worker, command: "remove" }, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
