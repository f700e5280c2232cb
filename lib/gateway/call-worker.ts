import { installationId } from "@/lib/controller/installation";
import type { Reservation } from "@/lib/controller/places";
import type { Via } from "@/lib/protocol/via";
import type { WorkerCall } from "@/lib/protocol/worker-client";

/** What of a request every call for it bears. */
export type Called = {
  requestId: string | undefined;
  signal: AbortSignal;
  /** By way of which Parleys it came here; absent where it was asked here. */
  via?: Via | undefined;
};

/** How a worker is called. One that is a Parley is told that the request comes by way of this one. */
export async function toWorkerCall(
  { kind, secret }: Reservation,
  { requestId, signal, via = [] }: Called,
): Promise<WorkerCall> {
  const call = { secret, signal, requestId };
  return kind === "parley" ? { ...call, via: [...via, await installationId()] } : call;
}
