import { installationId } from "@/lib/controller/installation";
import type { Reservation } from "@/lib/controller/places";
import type { GenerationWaiting } from "@/lib/protocol/generate-event";
import type { LiveLoadReport } from "@/lib/protocol/registration";
import type { Via } from "@/lib/protocol/via";
import type { WorkerCall } from "@/lib/protocol/worker-client";
import type { TraceHeaders } from "@/lib/telemetry/trace";
import type { StopSignal } from "@/lib/util/stop";

/** What of a request every call for it bears. */
export type Called = {
  requestId: string | undefined;
  signal: StopSignal;
  /** Nobody is told of the answer before its end. */
  isWhole?: boolean | undefined;
  /** Hears of waits before the answer's start. */
  onWaiting?: ((event: GenerationWaiting) => void) | undefined;
  /** By way of which Parleys it came here; absent where it was asked here. */
  via?: Via | undefined;
  /** The request's span, where it is traced. */
  trace?: TraceHeaders | undefined;
};

/** How a worker is called. One that is a Parley is told that the request comes by way of this one. */
export function toWorkerCall(
  { kind, secret, told }: Reservation,
  { requestId, signal, via = [], trace, isWhole, onWaiting }: Called,
): WorkerCall | Promise<WorkerCall> {
  const onLoad = (load: LiveLoadReport) => told(load, { isOver: true });
  const call: WorkerCall = { secret, signal, requestId, trace, isWhole, onLoad, onWaiting };
  if (kind !== "parley") return via.length > 0 ? { ...call, via } : call;
  return installationId().then((id) => ({ ...call, via: [...via, id] }));
}
