import { WORKER_BODY_BYTES_MAX, WORKER_BODY_VALUES_MAX } from "@/lib/limits";

/** What routes have in common that are those of a worker: this Parley as one of another's. */
export const RELAY_ROUTE = {
  ...({ shape: "worker", caller: "parent" } as const),
  bodyBytesMax: WORKER_BODY_BYTES_MAX,
  bodyValuesMax: WORKER_BODY_VALUES_MAX,
};
