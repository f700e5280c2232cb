import { WORKER_BODY_BYTES_MAX, WORKER_BODY_VALUES_MAX } from "@/lib/limits";
import { LOAD_HEADER, toLoadHeader } from "@/lib/protocol/load-header";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import { jsonReply } from "./reply";

/** What routes have in common that are those of a worker: this Parley as one of another's. */
export const RELAY_ROUTE = {
  ...({ shape: "worker", caller: "parent" } as const),
  bodyBytesMax: WORKER_BODY_BYTES_MAX,
  bodyValuesMax: WORKER_BODY_VALUES_MAX,
};

/** What a worker answers whole. */
export function relayReply({ reply, load }: { reply: unknown; load: LiveLoadReport }): Response {
  return jsonReply(reply, { headers: { [LOAD_HEADER]: toLoadHeader(load) } });
}
