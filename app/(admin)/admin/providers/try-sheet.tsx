"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { send, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Sheet } from "@/components/ui/sheet";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { ExternalModelView } from "@/lib/protocol/providers-view";
import { PLATFORM_MODELS_LOOK_MS } from "@/lib/provider-limits";
import { loadProviderShapes, PROVIDERS_QUERY } from "./use-provider-change";

/** After a trial that failed: twice within what a worker takes to tell why, and once after it. */
const REASON_LOOKS_MS = [1, 2, 3].map((part) => (part * PLATFORM_MODELS_LOOK_MS) / 2);

export type TrySheetProps = { view: ExternalModelView; onClose: () => void };

/** One short answer of a model, or why there is none. */
export function TrySheet({ view: { id, entry, problem }, onClose }: TrySheetProps) {
  const client = useQueryClient();
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["admin-provider-trial", id],
    // Longer than other requests of pages may take: the server itself gives a model a minute.
    queryFn: async ({ signal }) => {
      const path = paths.api.adminExternalTry(id);
      const [reply, shapes] = await Promise.all([
        send(path, { method: "POST", signal }),
        loadProviderShapes(),
      ]);
      return shapes.triedModelSchema.parse(await reply.json());
    },
    ...{ retry: false, gcTime: 0, staleTime: 0, refetchOnWindowFocus: false },
  });
  // What the provider said changes the model's state on the page. The worker tells it with its next look, which may
  // come after the answer.
  useEffect(() => {
    if (isFetching) return;
    const look = () => void client.invalidateQueries({ queryKey: PROVIDERS_QUERY });
    look();
    const timers = error ? REASON_LOOKS_MS.map((delayMs) => setTimeout(look, delayMs)) : [];
    return () => timers.forEach(clearTimeout);
  }, [client, isFetching, error]);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      title={`Try ${entry.name}`}
      description="It is asked to say hello, as any visitor would ask it. The answer costs what the provider charges."
    >
      <div aria-live="polite">
        {isFetching ? (
          <div role="status" aria-label="Waiting for its answer">
            <Skeleton className="h-4 w-full" />
            <Skeleton className="mt-2 h-4 w-2/3" />
          </div>
        ) : error ? (
          <Notice tone="danger">
            {toRequestError(error).message}
            {problem === null ? null : ` ${problem}`}
          </Notice>
        ) : data ? (
          <Answer text={data.text} durationMs={data.durationMs} />
        ) : null}
      </div>
      <div className="mt-6 flex gap-2">
        <Button disabled={isFetching} onClick={() => void refetch()}>
          Try again
        </Button>
        <Button variant="quiet" onClick={onClose}>
          Close
        </Button>
      </div>
    </Sheet>
  );
}

function Answer({ text, durationMs }: { text: string; durationMs: number }) {
  return (
    <>
      <p className="rounded-md bg-sunken p-3 break-words whitespace-pre-wrap">
        {text === "" ? "It answered without a word: its reasoning took all tokens." : text}
      </p>
      <p className="numeric mt-2 text-sm text-ink-soft">{(durationMs / 1_000).toFixed(1)} s</p>
    </>
  );
}
