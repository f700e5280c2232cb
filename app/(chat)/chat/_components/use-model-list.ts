"use client";

import { useQuery } from "@tanstack/react-query";
import { requestJson } from "@/components/request-json";
import { PAGE_REFRESH_INTERVAL_MS } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { ModelView } from "@/lib/protocol/arena-view";

/** All models, kept fresh; undefined until they are known. */
export function useModelList(): readonly ModelView[] | undefined {
  const { data } = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) =>
      requestJson(paths.api.models, (views) => views.modelListSchema, { signal }),
    refetchInterval: PAGE_REFRESH_INTERVAL_MS,
  });
  return data?.models;
}
