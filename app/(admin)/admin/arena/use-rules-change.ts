import { useMutation, useQueryClient } from "@tanstack/react-query";
import { requestChecked, toRequestError } from "@/components/request-json";
import { paths } from "@/lib/paths";
import type { ArenaRules } from "@/lib/protocol/arena-rules-view";
import type { AdminQuery } from "../admin-reading";

const RULES_QUERY = ["admin-arena"];
export const HISTORY_QUERY = ["admin-arena-history"];

const loadSchema = () => import("@/lib/protocol/arena-rules-view");

export const RULES: AdminQuery<ArenaRules> = {
  ...{ queryKey: RULES_QUERY, path: paths.api.adminArena },
  loadSchema: () => loadSchema().then((it) => it.arenaRulesSchema),
};

export function readHistory(signal: AbortSignal) {
  const schema = loadSchema().then((it) => it.arenaHistorySchema);
  return requestChecked(paths.api.adminArenaHistory, schema, { signal });
}

/** Rules as they were read, and what of them is to be otherwise; a section may lack what is as by default. */
export type RulesChange = { base: ArenaRules; change: Partial<Record<string, unknown>> };

/** Saves changed rules: of the version that was changed, so that nobody else's change is written over. */
export function useRulesChange(onDone: () => void) {
  const client = useQueryClient();
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: ({ base, change }: RulesChange) =>
      requestChecked(
        paths.api.adminArena,
        loadSchema().then((it) => it.arenaRulesSchema),
        { method: "PUT", body: { ...base.settings, ...change, version: base.version } },
      ),
    onSuccess: (rules) => {
      client.setQueryData(RULES_QUERY, rules);
      onDone();
    },
    // Also after a refusal: what holds now may be what it was refused for.
    onError: () => void client.invalidateQueries({ queryKey: RULES_QUERY }),
  });
  return { mutate, isPending, reset, problem: error ? toRequestError(error) : null };
}
