import { useMutation, useQueryClient } from "@tanstack/react-query";
import { requestChecked, toRequestError } from "@/components/request-json";

export const PROVIDERS_QUERY = ["admin-providers"];
export const loadProviderShapes = () => import("@/lib/protocol/providers-view");

export type ProviderChange = {
  path: string;
  method: "POST" | "PUT" | "PATCH" | "DELETE";
  /** Made when it is sent, since a field may hold what cannot be sent. */
  body?: () => unknown;
};

/** A change of models or keys; the reply is the whole page's new state. */
export function useProviderChange(onDone: () => void) {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: async ({ path, method, body }: ProviderChange) => {
      const shapes = loadProviderShapes().then((it) => it.providersViewSchema);
      return requestChecked(path, shapes, { method, ...(body && { body: body() }) });
    },
    onSuccess: (view) => {
      client.setQueryData(PROVIDERS_QUERY, view);
      onDone();
    },
    onError: () => client.invalidateQueries({ queryKey: PROVIDERS_QUERY }),
  });
  return { mutate, isPending, problem: error ? toRequestError(error) : null };
}
