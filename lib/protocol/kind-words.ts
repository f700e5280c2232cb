import type { AdminWorker } from "./arena-view";

/** What a worker is, for its keepers: of a Parley, how many more it passes on. */
export function kindWords({ kind, parleys }: Pick<AdminWorker, "kind" | "parleys">): string {
  const beneath = parleys - 1;
  return beneath > 0 ? `${kind}, ${beneath} more beneath` : kind;
}
