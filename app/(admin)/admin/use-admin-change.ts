import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toRequestError } from "@/components/request-json";
import { PAGE_REQUEST_MS_MAX } from "@/lib/limits";

export type AdminChange<Input, Reply> = {
  /** Of what the page shows, which is asked for again, whatever became of the change. */
  queryKey: readonly unknown[];
  /** Ends by itself when the signal aborts, after as long as a request of a page may take. */
  change: (input: Input, signal: AbortSignal) => Promise<Reply>;
  onDone?: () => void;
};

/** A change by a keeper. `reply`: what came of the last one, unless it failed. */
export function useAdminChange<Input, Reply>(options: AdminChange<Input, Reply>) {
  const { queryKey, change, onDone } = options;
  const client = useQueryClient();
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: (input: Input) => change(input, AbortSignal.timeout(PAGE_REQUEST_MS_MAX)),
    onSuccess: onDone,
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  return {
    ...{ mutate, isPending },
    problem: error ? toRequestError(error) : null,
    reply: error ? undefined : data,
  };
}
