import { installationId } from "@/lib/controller/installation";
import type { Reservation } from "@/lib/controller/places";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import type { Via } from "@/lib/protocol/via";
import type { WorkerCall } from "@/lib/protocol/worker-client";
import type { TraceHeaders } from "@/lib/telemetry/trace";

/** What of a request every call for it bears. */
export type Called = {
  requestId: string | undefined;
  signal: AbortSignal;
  /** By way of which Parleys it came here; absent where it was asked here. */
  via?: Via | undefined;
  /** The request's span, where it is traced. */
  trace?: TraceHeaders | undefined;
};

/** How a worker is called. One that is a Parley is told that the request comes by way of this one. */
export async function toWorkerCall(
  { kind, secret, told }: Reservation,
  { requestId, signal, via = [], trace }: Called,
): Promise<WorkerCall> {
  const onLoad = (load: LiveLoadReport) => told(load, { isOver: true });
  const call = { secret, signal, requestId, trace, onLoad };
  return kind === "parley" ? { ...call, via: [...via, await installationId()] } : call;
}
