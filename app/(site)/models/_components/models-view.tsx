"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { requestJson, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ModelList } from "@/lib/protocol/arena-view";
import { ModelEntry } from "./model-entry";

export type ModelsViewProps = { initial: ModelList | null };

export function ModelsView({ initial }: ModelsViewProps) {
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.models, (views) => views.modelListSchema, { signal }),
    ...(initial && { initialData: initial }),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
  });
  if (isPending) return <ModelsSkeleton />;
  if (!data) {
    return (
      <Notice
        tone="danger"
        action={
          <Button size="small" onClick={() => void refetch()}>
            Try again
          </Button>
        }
      >
        The models could not be read. {toRequestError(error).message}
      </Notice>
    );
  }
  if (data.models.length === 0) return <NoModels />;
  return data.models.map((model) => <ModelEntry key={model.name} model={model} />);
}

function NoModels() {
  return (
    <div className="border-t border-line py-18">
      <p className="font-display text-xl">No model is awake yet.</p>
      <p className="mt-3 max-w-[60ch] text-ink-soft">
        Models come with the workers that serve them. This page looks again by itself.{" "}
        <Link
          href={paths.adminWorkers}
          prefetch={false}
          className="text-accent underline underline-offset-4"
        >
          See the workers
        </Link>
      </p>
    </div>
  );
}

function ModelsSkeleton() {
  return (
    <div role="status" aria-label="Loading the models">
      {["first", "second"].map((row) => (
        <div
          key={row}
          className="grid gap-x-16 gap-y-6 border-t border-line py-12 lg:grid-cols-[240px_1fr]"
        >
          <Skeleton className="h-6 w-32" />
          <div className="space-y-3">
            <Skeleton className="h-4 w-4/5" />
            <Skeleton className="h-4 w-3/5" />
            <Skeleton className="h-24 w-full" />
          </div>
        </div>
      ))}
    </div>
  );
}
