"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { requestJson, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { FirstOfMany } from "@/components/ui/first-of-many";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ModelList } from "@/lib/protocol/arena-view";
import { AsleepModels } from "./asleep-models";
import { ModelEntry } from "./model-entry";

/** As long as a name can be. */
const SEARCH_CHARACTERS_MAX = 256;

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
  return <Models models={data.models} />;
}

/** So many can be read one after the other; of more, those asleep are a list, and all are searched. */
const ALL_SHOWN_MAX = 8;
/** Of those awake, each with its card: drawn at once, also by the server. */
const ENTRIES_SHOWN = 40;

function Models({ models }: { models: ModelList["models"] }) {
  const [search, setSearch] = useState("");
  const isLong = models.length > ALL_SHOWN_MAX;
  const words = search.trim().toLowerCase();
  const found = models.filter(({ name, description }) =>
    `${name} ${description.organization ?? ""}`.toLowerCase().includes(words),
  );
  const isFull = (model: ModelList["models"][number]) => model.awake || !isLong;
  const asleep = found.filter((model) => !isFull(model));
  return (
    <>
      {isLong && <ModelSearch value={search} onChange={setSearch} />}
      <p role="status" className={found.length === 0 ? "border-t border-line py-12" : "sr-only"}>
        {found.length === 0
          ? `No model is called “${search.trim()}”.`
          : words !== "" && `${found.length} of ${models.length} models`}
      </p>
      <FirstOfMany items={found.filter(isFull)} count={ENTRIES_SHOWN} what="model">
        {(models) => models.map((model) => <ModelEntry key={model.name} model={model} />)}
      </FirstOfMany>
      {asleep.length > 0 && <AsleepModels models={asleep} />}
    </>
  );
}

function ModelSearch({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <input
      type="search"
      value={value}
      maxLength={SEARCH_CHARACTERS_MAX}
      onChange={({ target }) => onChange(target.value)}
      placeholder="Find a model"
      aria-label="Find a model"
      className="mb-8 h-10 w-full rounded-md border border-line-strong bg-surface px-3 text-base sm:w-72 sm:text-sm pointer-coarse:h-11"
    />
  );
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
