"use client";

import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/sheet";
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
    <Sheet
      open
      onOpenChange={onClose}
      title={`Remove ${worker.name}?`}
      description={`${worker.address}: ${describe(worker)}`}
    >
      <p role="alert" className="mb-4 text-sm text-danger empty:hidden">
        {problem}
      </p>
      <div className="flex gap-2">
        <Button
          variant="danger"
          disabled={isPending}
          onClick={() => mutate({ worker, command: "remove" }, { onSuccess: onClose })}
        >
          Remove the worker
        </Button>
        <Button variant="quiet" onClick={onClose}>
          Keep it
        </Button>
      </div>
    </Sheet>
  );
}
